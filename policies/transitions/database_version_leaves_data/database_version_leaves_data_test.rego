package transitions.database_version_leaves_data_test

import data.transitions.database_version_leaves_data
import rego.v1

running(reference) := {"kind": "Cluster", "metadata": {"name": "db"}, "spec": {"imageName": reference}}

denied(before, after) if {
	denials := database_version_leaves_data.deny with input as {
		"documents": [{"file": "c", "object": running(after)}],
		"before": {"documents": {"c": running(before)}},
	}
	count(denials) == 1
}

test_a_later_minor_version_passes if {
	not denied("h-1.example/pg:18.6-2026@sha256:a", "h-1.example/pg:18.6-2026@sha256:a")
	not denied("example/pg:18.6-2026@sha256:a", "example/pg:18.10-2027@sha256:b")
}

test_an_older_another_major_and_an_unreadable_version_are_denied if {
	denied("example/pg:18.6-x", "example/pg:18.5-x")
	denied("example/pg:18.6-x", "example/pg:17.9-x")
	denied("example/pg:18.6-x", "example/pg:19.1-x")
	denied("example/pg:18.6-x", "example/pg@sha256:b")
	denied("example/pg@sha256:a", "example/pg:18.6-x")
}
