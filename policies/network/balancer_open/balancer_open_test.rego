package network.balancer_open_test

import data.network.balancer_open
import rego.v1

judged(listed, annotations) := {
	"spec": {"network": {"segmentation": {"traffic": {"ingress": listed}}}},
	"environment": {"addresses": {"vpn": ["10.0.0.0/24"], "clients": ["10.0.1.0/24"]}},
	"cluster": {"name": "c", "addresses": {}},
	"documents": [{"file": "i.yaml", "object": {
		"kind": "Ingress",
		"metadata": {"name": "api", "annotations": annotations},
		"spec": {"ingressClassName": "alb"},
	}}],
}

told(networks) := {"alb.ingress.kubernetes.io/inbound-cidrs": networks}

test_clients_and_the_vpn_pass if {
	balancer_open.deny == set() with input as judged(["Load balancer", "VPN"], told("10.0.1.0/24, 10.0.0.0/24"))
}

test_a_vpn_that_is_not_listed_is_denied if {
	denials := balancer_open.deny with input as judged(["Load balancer"], told("10.0.1.0/24,10.0.0.0/24"))
	{denial.message | some denial in denials} == {"the load balancer of api admits 10.0.0.0/24"}
}

test_the_probes_of_every_cluster_pass if {
	given := judged(["Load balancer", "VPN"], told("10.0.1.0/24,10.0.3.0/28,10.1.3.0/28"))
	every case in [[["10.1.3.0/28"], set()], [null, {"the load balancer of api admits 10.1.3.0/28"}]] {
		clusters := {"c": {"addresses": {"probes": ["10.0.3.0/28"]}}, "d": {"addresses": {"probes": case[0]}}}
		denials := balancer_open.deny with input as object.union(given, {"environment": {"clusters": clusters}})
		{denial.message | some denial in denials} == case[1]
	}
}

test_silence_admits_everyone if {
	denials := balancer_open.deny with input as judged(["Load balancer", "VPN"], {})
	{denial.message | some denial in denials} == {"the load balancer of api admits every network, since none is stated"}
}

test_the_ranges_of_a_connector_pass_and_those_of_others_do_not if {
	every case in [["fis", set()], ["core_banking", {"the load balancer of api admits 10.0.2.0/28"}]] {
		given := judged(["Load balancer", "VPN"], told("10.0.1.0/24,10.0.0.0/24,10.0.2.0/28"))
		changes := {"environment": {"addresses": {"fis": ["10.0.2.0/28"]}, "connectors": [{"addresses": case[0]}]}}
		denials := balancer_open.deny with input as object.union(given, changes)
		{denial.message | some denial in denials} == case[1]
	}
}
