package lib.transitions_test

import data.lib.transitions
import rego.v1

claimed(size) := {"storageClassName": "fast", "resources": {"requests": {"storage": size}}}

redis(size) := {
	"kind": "RedisReplication",
	"metadata": {"name": "cache"},
	"spec": {"storage": {"volumeClaimTemplate": {"spec": claimed(size)}}},
}

claim(size) := {"kind": "PersistentVolumeClaim", "metadata": {"name": "claim"}, "spec": claimed(size)}

cluster(volumes) := {"kind": "Cluster", "metadata": {"name": "db"}, "spec": volumes}

compared(before, after) := {
	"documents": [{"file": file, "object": rendered} | some file, rendered in after],
	"before": {"documents": before},
}

test_each_volume_has_its_size_before_and_after if {
	before := {"r": redis(2), "p": claim(4), "c": cluster({"storage": {"size": 6}, "walStorage": {"size": 8}})}
	after := {"r": redis(1), "p": claim(5), "c": cluster({"storage": {"size": 6, "storageClass": "x"}})}
	found := transitions.volumes with input as compared(before, after)
	{[item.file, item.pointer, item.before.size, item.after.size, item.before.class, item.after.class] |
		some item in found
	} == {
		["r", "/spec/storage/volumeClaimTemplate/spec", 2, 1, "fast", "fast"],
		["p", "/spec", 4, 5, "fast", "fast"],
		["c", "/spec/storage", 6, 6, "default", "x"],
		["c", "/spec/walStorage", 8, 0, "default", "none"],
	}
}

test_what_is_no_longer_rendered_is_gone if {
	found := transitions.gone with input as compared({"r": redis(2)}, {"p": claim(4)})
	found == {{"file": "r", "kind": "RedisReplication", "name": "cache"}}
}

test_without_a_base_nothing_is_compared if {
	transitions.volumes == set() with input as {"documents": [{"file": "r", "object": redis(1)}]}
	transitions.gone == set() with input as {"documents": [{"file": "r", "object": redis(1)}]}
}
