package network.firewall_missing_test

import data.network.firewall_missing
import rego.v1

name := "alb.ingress.kubernetes.io/wafv2-acl-name"

arn := "alb.ingress.kubernetes.io/wafv2-acl-arn"

judged(enabled, annotations) := {
	"spec": {"network": {"protection": {"waf": {"enabled": enabled}}}},
	"cluster": {"balancers": {"firewall": "arn:one"}},
	"documents": [
		{"file": "i.yaml", "object": {
			"kind": "Ingress",
			"metadata": {"name": "api", "annotations": annotations},
			"spec": {"ingressClassName": "alb"},
		}},
		{"file": "w.yaml", "object": {"kind": "WebACL", "metadata": {"name": "api"}, "spec": {"name": "cbp"}}},
	],
}

test_the_rendered_one_and_that_of_others_pass if {
	every annotations in [{name: "cbp"}, {arn: "arn:one"}] {
		firewall_missing.deny == set() with input as judged(true, annotations)
	}
}

test_another_one_and_none_are_denied if {
	every case in [[{name: "other", arn: "arn:one"}, "otherarn:one"], [{arn: "none"}, "none"], [{}, ""]] {
		denials := firewall_missing.deny with input as judged(true, case[0])
		message := sprintf("the load balancer of api is associated with no web ACL of this cluster ('%s')", [case[1]])
		{denial.message | some denial in denials} == {message}
	}
}

test_nothing_is_asked_where_no_firewall_is_specified if {
	firewall_missing.deny == set() with input as judged(false, {arn: "none"})
}
