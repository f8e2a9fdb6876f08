# METADATA
# title: Runs of a scheduled job pile up
# description: >-
#   A job that hangs is started again at every tick, until the node or the database is full of it. A job that never
#   ends and one that is never started again look alike: nothing happens.
# custom:
#   id: K8S031
#   severity: error
#   owner: reliability
#   remediation: Forbid concurrent runs, and bound each with activeDeadlineSeconds.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.jobs_pile_up

import data.lib.kubernetes
import rego.v1

examined contains job if {
	some job in kubernetes.objects
	job.kind == "CronJob"
}

faults(job) := {fault |
	some fault, found in {
		"concurrencyPolicy": object.get(job.spec, "concurrencyPolicy", "Allow") == "Allow",
		"jobTemplate/spec/activeDeadlineSeconds": object.get(job.spec, deadline, 0) <= 0,
	}
	found
}

deadline := ["jobTemplate", "spec", "activeDeadlineSeconds"]

deny contains denial if {
	some job in examined
	some fault in faults(job)
	denial := {
		"id": "K8S031",
		"message": sprintf("the runs of the job %s may pile up: see %s", [job.name, fault]),
		"path": ["orchestration", "platform"],
		"file": job.file,
		"pointer": sprintf("/spec/%s", [fault]),
	}
}
