package environment.anchors_kept_inside_test

import data.environment.anchors_kept_inside
import rego.v1

judged(audit, stage, role, anchors) := {
	"spec": {"access_control": {"infrastructure": {"authorization": {"audit": audit}}}},
	"environment": {"stage": stage},
	"cluster": {"name": "a", "role": role, "anchors": anchors},
}

test_a_bucket_is_enough if {
	anchors_kept_inside.deny == set() with input as judged(true, "production", "primary", {"location": "s3://anchors"})
}

test_elsewhere_and_without_a_trail_none_is_asked_for if {
	every case in [[true, "staging", "primary"], [true, "production", "recovery"], [false, "production", "primary"]] {
		anchors_kept_inside.deny == set() with input as judged(case[0], case[1], case[2], null)
	}
}

test_the_cluster_without_a_bucket_is_named if {
	denials := anchors_kept_inside.deny with input as judged(true, "production", "primary", null)
	{denial.message | some denial in denials} == {"the database of a alone has the anchors of its audit trail"}
}
