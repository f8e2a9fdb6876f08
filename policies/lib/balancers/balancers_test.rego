package lib.balancers_test

import data.lib.balancers
import rego.v1

limits(annotations) := {[balancer.idle, balancer.draining] | some balancer in found} if {
	metadata := {"name": "i", "annotations": annotations}
	documents := [{"file": "i.yaml", "object": {"kind": "Ingress", "metadata": metadata}}]
	found := balancers.found with input as {"documents": documents}
}

test_what_is_not_stated_is_what_the_cloud_does if {
	limits({}) == {[60, 300]}
	limits({"appgw.ingress.kubernetes.io/use-private-ip": "true"}) == {[30, 30]}
}

test_a_limit_is_one_of_a_list_of_attributes if {
	limits({
		"alb.ingress.kubernetes.io/load-balancer-attributes": "a.b=true,idle_timeout.timeout_seconds=63",
		"alb.ingress.kubernetes.io/target-group-attributes": "deregistration_delay.timeout_seconds=45",
	}) == {[63, 45]}
}

test_a_gateway_has_an_annotation_for_each if {
	limits({
		"appgw.ingress.kubernetes.io/request-timeout": "63",
		"appgw.ingress.kubernetes.io/connection-draining-timeout": "45",
	}) == {[63, 45]}
}
