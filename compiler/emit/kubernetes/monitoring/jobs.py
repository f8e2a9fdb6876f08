"""Expressions on the CronJobs of the data zone, by metrics of kube-state-metrics.

Upstream: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics/workload
"""

from __future__ import annotations

from compiler.emit.names import namespace

_DATA = f'namespace="{namespace("data")}"'


def succeeded(cron_job: str) -> str:
    """Return when a job of a CronJob last succeeded."""
    return f'kube_cronjob_status_last_successful_time{{{_DATA},cronjob="{cron_job}"}}'


def since_created(last: str, cron_job: str) -> str:
    """Return the seconds since the ``last`` time of something that a CronJob does, or since there is the CronJob."""
    return f'time() - max({last} or kube_cronjob_created{{{_DATA},cronjob="{cron_job}"}})'


def failed_last(cron_job: str) -> tuple[str, str, str]:
    """Return when the last job that failed began, and that it may not be after the last success.

    A run that failed stays in the cluster; the alert on it ends with a later one that succeeds.
    """
    jobs = f'{_DATA},job_name=~"{cron_job}-.+"'
    failed = f'kube_job_failed{{{jobs},condition="true"}} == 1'
    began = f"max(kube_job_status_start_time{{{jobs}}} and on (job_name) {failed})"
    return began, ">", f"(max({succeeded(cron_job)}) or vector(0))"
