package vault.head_never_anchored_test

import data.vault.head_never_anchored
import rego.v1

judged(audit, target, schedule) := {
	"spec": {
		"access_control": {"infrastructure": {"authorization": {"audit": audit}}},
		"recovery": {"rpo": {"target": target}},
	},
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
				"command": ["python", "-m", "runtime.maintenance", "anchor-audit", "--settings", "s"],
			}]}}}}},
		}},
	],
}

test_as_often_as_the_objective_passes if {
	every case in [[900, "*/15 * * * *"], [7200, "0 */2 * * *"], [30, "*/1 * * * *"], [86400, "0 */24 * * *"]] {
		head_never_anchored.deny == set() with input as judged(true, case[0], case[1])
	}
}

test_less_often_and_a_schedule_that_is_not_even_are_denied if {
	every case in [[899, "*/15 * * * *"], [7199, "0 */2 * * *"], [900, "20 2 * * *"]] {
		count(head_never_anchored.deny) == 1 with input as judged(true, case[0], case[1])
	}
}

test_the_bound_is_named if {
	denials := head_never_anchored.deny with input as judged(true, 30, "")
	{denial.message | some denial in denials} == {
		"no job anchors the audit trail every 60 seconds: runtime.maintenance anchor-audit",
	}
}

test_without_an_audit_trail_there_is_nothing_to_anchor if {
	head_never_anchored.examined == set() with input as judged(false, 900, "")
}
