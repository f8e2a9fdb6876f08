package kubernetes.jobs_pile_up_test

import data.kubernetes.jobs_pile_up
import rego.v1

job(spec) := {"documents": [{"file": "j.yaml", "object": {"kind": "CronJob", "metadata": {"name": "j"}, "spec": spec}}]}

test_a_bounded_job_that_replaces_its_last_run_passes if {
	spec := {"concurrencyPolicy": "Replace", "jobTemplate": {"spec": {"activeDeadlineSeconds": 600}}}
	jobs_pile_up.deny == set() with input as job(spec)
}

test_by_default_runs_pile_up_twice if {
	denials := jobs_pile_up.deny with input as job({})
	{denial.message | some denial in denials} == {
		"the runs of the job j may pile up: see concurrencyPolicy",
		"the runs of the job j may pile up: see jobTemplate/spec/activeDeadlineSeconds",
	}
}
