# METADATA
# title: A role lets its holder run anything
# description: >-
#   A subject that may write a pod, or an object that pods are made from, may run any image with every secret of the
#   namespace. Honest changes gain nothing by it, since Argo CD takes them back.
# custom:
#   id: ACC005
#   severity: error
#   owner: security
#   remediation: Change workloads in Git; an application is restarted by deleting its pods.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.role_runs_anything

import data.lib.access
import data.lib.kubernetes
import rego.v1

examined contains right if some right in access.rights

makers := {
	["", "pods"],
	["", "replicationcontrollers"],
	["apps", "daemonsets"],
	["apps", "deployments"],
	["apps", "replicasets"],
	["apps", "statefulsets"],
	["batch", "cronjobs"],
	["batch", "jobs"],
	["postgresql.cnpg.io", "clusters"],
	["postgresql.cnpg.io", "poolers"],
	["redis.redis.opstreelabs.in", "redisreplications"],
	["redis.redis.opstreelabs.in", "redissentinels"],
}

bad(right) if {
	[right.group, right.resource] in makers
	right.verb in {"create", "patch", "update"}
	not confined(right)
}

# confined holds of a right to create, if the API server judges all that any of its holders creates.
confined(right) if {
	right.verb == "create"
	holders := access.held_by(right.role)
	count(holders) > 0
	every holder in holders {
		user := sprintf("system:serviceaccount:%s:%s", [holder.namespace, holder.name])
		[user, right.group, right.resource] in judged
	}
}

# judged holds the users, API groups and resources that an admission policy judges wherever they are created.
judged contains [user, group, resource] if {
	some policy in kubernetes.objects
	policy.kind == "ValidatingAdmissionPolicy"
	object.get(policy.spec, "failurePolicy", "Fail") == "Fail"
	count(object.get(policy.spec, "validations", [])) > 0
	policy.name in denied
	[condition] := object.get(policy.spec, "matchConditions", [])
	user := split(condition.expression, "'")[1]
	condition.expression == sprintf("request.userInfo.username == '%s'", [user])
	some rule in policy.spec.matchConstraints.resourceRules
	"CREATE" in rule.operations
	some group in rule.apiGroups
	some resource in rule.resources
}

# denied holds the names of the policies that deny in the whole cluster.
denied contains name if {
	some binding in kubernetes.objects
	binding.kind == "ValidatingAdmissionPolicyBinding"
	"Deny" in binding.spec.validationActions
	count(object.get(binding.spec, "matchResources", {})) == 0
	name := binding.spec.policyName
}

deny contains denial if {
	some right in examined
	bad(right)
	role := right.role
	denial := {
		"id": "ACC005",
		"message": sprintf("the %s %s gives '%s' on %s", [role.kind, role.name, right.verb, right.resource]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": role.file,
		"pointer": right.pointer,
	}
}
