package network.shield_before_nothing_test

import data.network.shield_before_nothing
import rego.v1

judged(scheme, shield) := {"documents": [{"file": "i.yaml", "object": {
	"kind": "Ingress",
	"metadata": {"name": "api", "annotations": {
		"alb.ingress.kubernetes.io/scheme": scheme,
		"alb.ingress.kubernetes.io/shield-advanced-protection": shield,
	}},
	"spec": {"ingressClassName": "alb"},
}}]}

test_an_internal_balancer_needs_none if {
	denials := shield_before_nothing.deny with input as judged("internal", "true")
	{denial.message | some denial in denials} == {"the load balancer of api is internal, and Shield Advanced is asked for"}
}

test_others_and_silence_pass if {
	every case in [["internal", "false"], ["internet-facing", "true"]] {
		shield_before_nothing.deny == set() with input as judged(case[0], case[1])
	}
}
