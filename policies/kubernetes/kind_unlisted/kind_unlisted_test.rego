package kubernetes.kind_unlisted_test

import data.kubernetes.kind_unlisted
import rego.v1

rendered(kind) := {"documents": [{"file": "a.yaml", "object": {"kind": kind, "metadata": {"name": "a"}}}]}

test_a_kind_with_containers_and_one_without_are_listed if {
	every kind in ["Cluster", "ConfigMap", "CronJob", "RedisSentinel"] {
		kind_unlisted.deny == set() with input as rendered(kind)
	}
}

test_another_is_denied_by_name if {
	denials := kind_unlisted.deny with input as rendered("VirtualMachine")
	{denial.message | some denial in denials} == {"no table says whether a VirtualMachine holds containers"}
}
