# METADATA
# title: A network policy selects no pod
# description: >-
#   A policy with labels that no pod has opens nothing, and the pods that it was meant for stay cut off by the
#   default denial, without an error from the cluster. The schemas accept any labels.
# custom:
#   id: NET001
#   severity: error
#   owner: platform
#   remediation: Select by labels that the pods have; data.origins lists the pods that are not rendered.
#   section: Infrastructure Security, 1. Network Security
package network.policy_selects_nothing

import data.lib.kubernetes
import data.lib.network
import rego.v1

examined contains policy if {
	some policy in network.policies
	count(object.get(policy.spec, "podSelector", {})) > 0
}

# selected holds what selects a pod: a selector with its namespace, looked up once for all policies that share it.
selected contains place if {
	some place in {[policy.namespace, policy.spec.podSelector] | some policy in examined}
	[namespace, selector] := place
	some labels in kubernetes.labels_in(namespace)
	network.selects(selector, labels)
}

deny contains denial if {
	some policy in examined
	place := [policy.namespace, policy.spec.podSelector]
	not place in selected
	denial := {
		"id": "NET001",
		"message": sprintf("the policy %s selects no pod of %s", [policy.name, policy.namespace]),
		"path": ["network", "segmentation", "traffic"],
		"file": policy.file,
		"pointer": "/spec/podSelector",
	}
}
