package kubernetes.balancer_hangs_up_test

import data.kubernetes.balancer_hangs_up
import rego.v1

site(annotations, keep, statement) := {
	"settings": {
		"process": {"port": 8080, "shutdown_seconds": 30, "keep_alive_seconds": keep},
		"database": {"connect_timeout_seconds": 3, "statement_timeout_seconds": statement},
	},
	"documents": [
		{"file": "i.yaml", "object": {"kind": "Ingress", "metadata": {"name": "i", "annotations": annotations}}},
		{"file": "p.yaml", "object": {"kind": "Pod", "metadata": {"name": "p"}, "spec": {
			"terminationGracePeriodSeconds": 50,
			"containers": [{
				"name": "api",
				"ports": [{"containerPort": 8080}],
				"lifecycle": {"preStop": {"sleep": {"seconds": 15}}},
			}],
		}}},
	],
}

test_the_defaults_of_amazon_hold_a_statement_of_half_a_minute if {
	balancer_hangs_up.deny == set() with input as site({}, 61, 30)
}

test_the_defaults_of_azure_hold_nothing_of_it if {
	affinity := {"appgw.ingress.kubernetes.io/cookie-based-affinity": "true"}
	denials := balancer_hangs_up.deny with input as site(affinity, 75, 30)
	{denial.message | some denial in denials} == {
		"the load balancer of i gives up after 30 seconds, and an answer may take 33",
		"the load balancer of i gives up after 30 seconds, and a pod may take 50 to end",
		"the load balancer of i cuts a pod off after 30 seconds, and it answers for 45",
	}
}

test_each_limit_holds_the_one_inside if {
	stated := {
		"alb.ingress.kubernetes.io/load-balancer-attributes": "idle_timeout.timeout_seconds=4001,a.b=true",
		"alb.ingress.kubernetes.io/target-group-attributes": "deregistration_delay.timeout_seconds=44",
	}
	denials := balancer_hangs_up.deny with input as site(stated, 75, 30)
	{denial.message | some denial in denials} == {
		"the load balancer of i cuts a pod off after 44 seconds, and it answers for 45",
		"the load balancer of i keeps a connection for 4001 idle seconds, and a pod for 75",
		"the load balancer of i would give up after 4001 seconds, and accepts 4000 at most",
	}
}
