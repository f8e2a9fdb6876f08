package transitions.volume_shrinks_test

import data.transitions.volume_shrinks
import rego.v1

resized(before, after) := {
	"documents": [{"file": "c", "object": {"kind": "Cluster", "metadata": {"name": "db"}, "spec": after}}],
	"before": {"documents": {"c": {"kind": "Cluster", "metadata": {"name": "db"}, "spec": before}}},
}

test_a_volume_may_grow if {
	volume_shrinks.deny == set() with input as resized({"storage": {"size": 1024}}, {"storage": {"size": 2048}})
}

test_a_smaller_one_and_none_at_all_are_denied if {
	every case in [[{"storage": {"size": 1024}}, "1KB"], [{}, "no volume"]] {
		denials := volume_shrinks.deny with input as resized({"storage": {"size": 2048}}, case[0])
		{denial.message | some denial in denials} == {sprintf("a volume of db shrinks from 2KB to %s", [case[1]])}
	}
}
