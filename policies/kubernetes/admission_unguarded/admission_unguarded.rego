# METADATA
# title: Nothing in the cluster refuses what no rule has judged
# description: >-
#   Rules judge files. Pods and Secrets come from operators and people too, and a label makes any namespace part of a
#   zone. A policy of the API server judges those, where its binding denies and its own failure refuses.
# custom:
#   id: K8S044
#   severity: error
#   owner: security
#   remediation: >-
#     Render a ValidatingAdmissionPolicy for the resource that fails closed, and a binding to every zone that denies.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package kubernetes.admission_unguarded

import data.lib.kubernetes
import rego.v1

# The zone of management belongs to the platform.
zones := {zone | some zone in input.spec.network.segmentation.zones} - {"management"}

guarded := {"namespaces", "pods", "secrets"}

# Development may run images by tag.
examined contains resource if {
	some resource in guarded
	{[input.environment.stage, resource]} != {["development", "pods"]}
}

# The resources that a policy judges when they are created.
judged contains [name, resource] if {
	some policy in kubernetes.objects
	policy.kind == "ValidatingAdmissionPolicy"
	name := policy.name
	object.get(policy.spec, "failurePolicy", "Fail") == "Fail"
	count(object.get(policy.spec, "validations", [])) > 0
	some rule in object.get(policy.spec, ["matchConstraints", "resourceRules"], [])
	"CREATE" in rule.operations
	some resource in rule.resources
}

# The zones in which a binding denies what its policy refuses.
denied contains [name, zone] if {
	some binding in kubernetes.objects
	binding.kind == "ValidatingAdmissionPolicyBinding"
	"Deny" in binding.spec.validationActions
	name := binding.spec.policyName
	selector := object.get(binding.spec, ["matchResources", "namespaceSelector"], {})
	some zone in zones
	selected(selector, zone)
}

selected(selector, _) if selector == {}

selected(selector, zone) if {
	some expression in selector.matchExpressions
	expression.key == "cbp.bank/zone"
	expression.operator == "In"
	zone in expression.values
}

refused(resource) := {zone |
	some [name, found] in judged
	found == resource
	some [other, zone] in denied
	other == name
}

deny contains denial if {
	some resource in examined
	open := zones - refused(resource)
	some namespace in kubernetes.objects
	namespace.kind == "Namespace"
	namespace.labels["cbp.bank/zone"] in open
	denial := {
		"id": "K8S044",
		"message": sprintf("no policy judges %s that are created in %s", [resource, namespace.name]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": namespace.file,
	}
}
