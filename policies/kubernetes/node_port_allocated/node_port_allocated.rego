# METADATA
# title: A Service is open on every node
# description: >-
#   A Service of the type NodePort, and one of the type LoadBalancer unless it says otherwise, opens a port on each node
#   to whoever reaches it: past the load balancer and its source ranges.
# custom:
#   id: K8S041
#   severity: error
#   owner: security
#   remediation: Set allocateLoadBalancerNodePorts to false, with pods as the load balancer's targets.
#   section: Infrastructure Security, 1. Network Security
#   waivable: false
package kubernetes.node_port_allocated

import data.lib.kubernetes
import rego.v1

types := {"LoadBalancer", "NodePort"}

# The kinds that are Services, and those by which operators make some: at any depth, by either of two names.
carriers := {"Cluster", "Pooler", "RedisReplication", "RedisSentinel", "Service"}

# mentioned says whether a specification can name one of the types: a walk through it takes long.
mentioned(spec) if {
	some type in types
	contains(sprintf("%v", [spec]), type)
}

examined contains service if {
	some item in kubernetes.objects
	item.kind in carriers
	mentioned(item.spec)
	walk(item.spec, [path, fields])
	is_object(fields)
	some key in ["type", "serviceType"]
	fields[key] in types
	service := {
		"file": item.file,
		"kind": item.kind,
		"name": item.name,
		"type": fields[key],
		"allocates": object.get(fields, "allocateLoadBalancerNodePorts", true),
		"pointer": concat("/", array.concat(["", "spec"], [sprintf("%v", [step]) | some step in path])),
	}
}

open(service) if service.type == "NodePort"

open(service) if service.allocates

deny contains denial if {
	some service in examined
	open(service)
	denial := {
		"id": "K8S041",
		"message": sprintf("a Service of the type %s in the %s %s opens a port on every node", [
			service.type,
			service.kind,
			service.name,
		]),
		"path": ["network", "segmentation", "traffic", "ingress"],
		"file": service.file,
		"pointer": service.pointer,
	}
}
