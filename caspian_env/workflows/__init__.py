"""What happens, one screen each."""
