package kubernetes.node_port_allocated_test

import data.kubernetes.node_port_allocated
import rego.v1

document(kind, spec) := {"documents": [{"file": "d.yaml", "object": {
	"kind": kind,
	"metadata": {"name": "d", "namespace": "n"},
	"spec": spec,
}}]}

additional(spec) := {"managed": {"services": {"additional": [{"serviceTemplate": {"spec": spec}}]}}}

test_a_balancer_of_pods_needs_no_port if {
	spec := additional({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false})
	node_port_allocated.deny == set() with input as document("Cluster", spec)
	node_port_allocated.deny == set() with input as document("Service", {"type": "ClusterIP"})
}

test_silence_opens_one_on_every_node if {
	denials := node_port_allocated.deny with input as document("Cluster", additional({"type": "LoadBalancer"}))
	{[denial.pointer, denial.message] | some denial in denials} == {[
		"/spec/managed/services/additional/0/serviceTemplate/spec",
		"a Service of the type LoadBalancer in the Cluster d opens a port on every node",
	]}
}

test_a_port_of_nodes_is_one_whatever_it_says if {
	spec := {"kubernetesConfig": {"service": {"serviceType": "NodePort", "allocateLoadBalancerNodePorts": false}}}
	denials := node_port_allocated.deny with input as document("RedisReplication", spec)
	{denial.pointer | some denial in denials} == {"/spec/kubernetesConfig/service"}
}
