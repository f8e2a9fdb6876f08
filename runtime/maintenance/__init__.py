"""Maintenance jobs of the image, which CronJobs of the cluster start."""
