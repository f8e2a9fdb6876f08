package access.role_runs_anything_test

import data.access.role_runs_anything
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

test_a_pod_may_be_deleted if {
	rules := [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]
	role_runs_anything.deny == set() with input as role(rules)
}

test_writing_what_makes_pods_is_denied if {
	denials := role_runs_anything.deny with input as role([
		{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
		{"apiGroups": ["postgresql.cnpg.io"], "resources": ["backups", "clusters"], "verbs": ["create"]},
	])
	{[denial.pointer, denial.message] | some denial in denials} == {
		["/rules/0", "the Role r gives 'patch' on deployments"],
		["/rules/1", "the Role r gives 'create' on clusters"],
	}
}

# confined returns a role that may create Clusters, given to one account, and a policy on what a user creates, with the
# actions of its binding and what that is about.
confined(user, resources, actions, matched) := {"documents": [
	{"file": "r.yaml", "object": {
		"kind": "Role",
		"metadata": {"name": "r", "namespace": "n"},
		"rules": [{"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters"], "verbs": ["create"]}],
	}},
	{"file": "b.yaml", "object": {
		"kind": "RoleBinding",
		"metadata": {"name": "b", "namespace": "n"},
		"roleRef": {"kind": "Role", "name": "r"},
		"subjects": [{"kind": "ServiceAccount", "name": "job", "namespace": "n"}],
	}},
	{"file": "p.yaml", "object": {
		"kind": "ValidatingAdmissionPolicy",
		"metadata": {"name": "p"},
		"spec": {
			"matchConstraints": {"resourceRules": [{
				"apiGroups": ["postgresql.cnpg.io"],
				"operations": ["CREATE"],
				"resources": resources,
			}]},
			"matchConditions": [{"expression": sprintf("request.userInfo.username == '%s'", [user])}],
			"validations": [{"expression": "false"}],
		},
	}},
	{"file": "a.yaml", "object": {
		"kind": "ValidatingAdmissionPolicyBinding",
		"metadata": {"name": "p"},
		"spec": object.union({"policyName": "p", "validationActions": actions}, matched),
	}},
]}

job := "system:serviceaccount:n:job"

test_an_account_whose_objects_the_api_server_judges_may_create_them if {
	role_runs_anything.deny == set() with input as confined(job, ["clusters"], ["Deny"], {})
}

test_a_policy_on_others_or_on_other_objects_or_that_warns_or_only_in_some_namespaces_confines_nobody if {
	documents := [
		confined("system:serviceaccount:n:other", ["clusters"], ["Deny"], {}),
		confined(job, ["poolers"], ["Deny"], {}),
		confined(job, ["clusters"], ["Warn"], {}),
		confined(job, ["clusters"], ["Deny"], {"matchResources": {"namespaceSelector": {}}}),
	]
	every document in documents {
		count(role_runs_anything.deny) == 1 with input as document
	}
}
