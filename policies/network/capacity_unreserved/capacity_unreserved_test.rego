package network.capacity_unreserved_test

import data.network.capacity_unreserved
import rego.v1

judged(scales, annotations) := {
	"spec": {"network": {"protection": {"ddos": {"enabled": true, "auto_scale": scales}}}},
	"documents": [{"file": "i.yaml", "object": {
		"kind": "Ingress",
		"metadata": {"name": "api", "annotations": annotations},
		"spec": {"ingressClassName": "alb"},
	}}],
}

told(units) := {"alb.ingress.kubernetes.io/minimum-load-balancer-capacity": units}

test_a_reservation_passes if capacity_unreserved.deny == set() with input as judged(true, told("CapacityUnits=100"))

test_none_and_too_little_are_denied if {
	every case in [[{}, 0], [told("CapacityUnits=99"), 99]] {
		denials := capacity_unreserved.deny with input as judged(true, case[0])
		{denial.message | some denial in denials} == {
			sprintf("the load balancer of api reserves %v capacity units", [case[1]])
		}
	}
}

test_nothing_is_asked_where_nothing_scales if {
	capacity_unreserved.deny == set() with input as judged(false, told("CapacityUnits=0"))
}
