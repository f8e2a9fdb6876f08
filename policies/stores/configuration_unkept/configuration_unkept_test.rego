package stores.configuration_unkept_test

import data.stores.configuration_unkept
import rego.v1

judged(stated, anchors, schedule, command, days) := {
	"spec": {"backup": {"configuration": stated}},
	"cluster": {"anchors": anchors},
	"documents": [
		{"file": "d.yaml", "object": {
			"kind": "Deployment",
			"metadata": {"name": "d"},
			"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{
				"name": "CBP_DATABASE_URL",
				"value": "postgresql://api@db/c",
			}]}]}}},
		}},
		{"file": "c.yaml", "object": {
			"kind": "CronJob",
			"metadata": {"name": "c"},
			"spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": {"containers": [{
				"name": "c",
				"command": command,
				"env": [{"name": "CBP_LOCKED_STORE_LOCKED_DAYS", "value": days}],
			}]}}}}},
		}},
	],
}

daily := {"schedule": "Daily", "versioning": true, "retention": 172800}

bucket := {"location": "s3://locked"}

versioned := ["python", "-m", "runtime.maintenance", "snapshot-configuration", "--versioned"]

test_each_word_has_its_schedule if {
	every word, schedule in {
		"Hourly": "5 * * * *",
		"Daily": "5 3 * * *",
		"Weekly": "5 3 * * 0",
		"Monthly": "5 3 1 * *",
		"Quarterly": "5 3 1 1,4,7,10 *",
	} {
		stated := object.union(daily, {"schedule": word})
		configuration_unkept.deny == set() with input as judged(stated, bucket, schedule, versioned, "2")
	}
}

test_without_a_bucket_nothing_is_kept if {
	configuration_unkept.examined == set() with input as judged(daily, null, "5 3 * * *", versioned, "2")
}

test_each_statement_that_is_not_kept_is_named if {
	every case in [
		["5 3 * * 0", versioned, "2", "schedule"],
		["5 3 * * *", ["snapshot-configuration"], "2", "versioning"],
		["5 3 * * *", versioned, "1", "retention"],
	] {
		denials := configuration_unkept.deny with input as judged(daily, bucket, case[0], case[1], case[2])
		{denial.path[2] | some denial in denials} == {case[3]}
	}
}

test_no_job_keeps_nothing if {
	denials := configuration_unkept.deny with input as judged(daily, bucket, "5 3 * * *", ["events"], "2")
	{denial.message | some denial in denials} == {
		"no job keeps the configuration as backup.configuration.schedule says: Daily",
		"no job keeps the configuration as backup.configuration.versioning says: true",
		"no job keeps the configuration as backup.configuration.retention says: 172800 seconds",
	}
}
