"""When things happen: the scheduler as a service, or once for cron. The only package that knows APScheduler."""
