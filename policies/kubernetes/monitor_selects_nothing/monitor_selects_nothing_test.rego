package kubernetes.monitor_selects_nothing_test

import data.kubernetes.monitor_selects_nothing
import rego.v1

pod := {"file": "p.yaml", "object": {"kind": "Pod", "metadata": {"name": "p", "namespace": "n", "labels": {"app": "a"}}}}

monitor(selector) := {"file": "m.yaml", "object": {
	"kind": "PodMonitor",
	"metadata": {"name": "m", "namespace": "n"},
	"spec": {"selector": selector},
}}

test_a_monitor_of_a_pod_passes if {
	documents := [pod, monitor({"matchLabels": {"app": "a"}})]
	monitor_selects_nothing.deny == set() with input as {"documents": documents}
}

test_other_labels_and_none_at_all_are_denied if {
	every selector in [{"matchLabels": {"app": "b"}}, {}] {
		denials := monitor_selects_nothing.deny with input as {"documents": [pod, monitor(selector)]}
		{denial.message | some denial in denials} == {"the PodMonitor m finds no pod of n"}
	}
}
