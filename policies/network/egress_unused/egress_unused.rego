# METADATA
# title: Pods reach a service that they do not call
# description: >-
#   A way that nobody uses is one for whoever breaks into the pod: to the API server without a token of the cluster, or
#   to a server whose address stands nowhere in the pod's settings.
# custom:
#   id: NET016
#   severity: error
#   owner: security
#   remediation: Take the flow away from the component, or give its pods what they call the service with.
#   section: Infrastructure Security, 1. Network Security
package network.egress_unused

import data.lib.addresses
import data.lib.kubernetes
import data.lib.network
import rego.v1

# What a pod that calls a service is told, by the purpose of the service's ranges.
called := {
	"identity_provider": {input.environment.sign_in.issuer},
	"object_store": stores,
	"vault": {input.cluster.vault.address},
}

stores contains input.cluster.backups.location

# A bucket is named in the address of its server.
stores contains bucket if {
	anchors := input.cluster.anchors
	is_object(anchors)
	bucket := split(trim_prefix(anchors.location, "s3://"), "/")[0]
}

# Operators decide what their own pods call: only workloads that are rendered here are judged.
workloads := {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "StatefulSet"}

examined contains way if {
	some rule in network.rules
	rule.direction == "egress"
	some index, peer in rule.peers
	some range in addresses.ranges
	range.address == peer.ipBlock.cidr
	range.purpose in object.keys(called) | {"kubernetes_api"}
	some policy in network.policies
	policy.file == rule.policy.file
	some pod in kubernetes.pods
	pod.kind in workloads
	pod.namespace == policy.namespace
	network.selects(policy.spec.podSelector, pod.labels)
	way := {
		"pod": pod,
		"purpose": range.purpose,
		"rule": rule,
		"pointer": sprintf("%s/to/%d", [rule.pointer, index]),
	}
}

used(way) if {
	way.purpose == "kubernetes_api"
	some volume in way.pod.spec.volumes
	some source in volume.projected.sources
	is_object(source.serviceAccountToken)
}

used(way) if {
	way.purpose == "kubernetes_api"
	way.pod.spec.automountServiceAccountToken == true
}

used(way) if {
	some text in told[way.pod.file]
	some service in called[way.purpose]
	contains(text, service)
}

# told holds the texts of each pod, as one, and those of the ConfigMaps that it mounts, by the pod's file.
told[file] contains text if {
	some pod in kubernetes.pods
	file := pod.file
	text := sprintf("%v", [pod.spec])
}

told[file] contains text if {
	some pod in kubernetes.pods
	file := pod.file
	some volume in object.get(pod.spec, "volumes", [])
	some document in input.documents
	document.object.kind == "ConfigMap"
	document.object.metadata.namespace == pod.namespace
	document.object.metadata.name == volume.configMap.name
	some text in document.object.data
}

deny contains denial if {
	some way in examined
	not used(way)
	denial := {
		"id": "NET016",
		"message": sprintf(
			"the pods of the %s %s reach %s, and have nothing to call it with",
			[way.pod.kind, way.pod.name, way.purpose],
		),
		"path": way.rule.path,
		"file": way.rule.policy.file,
		"pointer": way.pointer,
	}
}
