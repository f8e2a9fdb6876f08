package access.secrets_readable_test

import data.access.secrets_readable
import rego.v1

role(rules) := {"documents": [{"file": "r.yaml", "object": {
	"kind": "Role",
	"metadata": {"name": "r", "namespace": "n"},
	"rules": rules,
}}]}

bound(names, subjects) := {"documents": array.concat(
	role([{"apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": names, "verbs": ["create"]}]).documents,
	[{"file": "b.yaml", "object": {
		"kind": "RoleBinding",
		"metadata": {"name": "b", "namespace": "n"},
		"roleRef": {"kind": "Role", "name": "r"},
		"subjects": subjects,
	}}],
)}

operator := {"kind": "ServiceAccount", "name": "cert-manager", "namespace": "cert-manager"}

test_an_operator_may_log_in_for_one_account if {
	secrets_readable.deny == set() with input as bound(["a"], [operator])
}

test_nobody_else_may_and_no_operator_for_every_account if {
	every document in [bound([], [operator]), bound(["a"], [operator, {"kind": "Group", "name": "g"}])] {
		denials := secrets_readable.deny with input as document
		{denial.message | some denial in denials} == {"the Role r gives 'create' on serviceaccounts/token"}
	}
}

test_what_leads_to_secrets_may_be_looked_at if {
	rules := [{"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets"], "verbs": ["get"]}]
	secrets_readable.deny == set() with input as role(rules)
}

test_every_verb_on_secrets_is_denied if {
	rules := [{"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list", "watch"]}]
	denials := secrets_readable.deny with input as role(rules)
	{denial.message | some denial in denials} == {
		"the Role r gives 'list' on secrets",
		"the Role r gives 'watch' on secrets",
	}
}

certificate := {"file": "d.yaml", "object": {
	"kind": "DatabaseRole",
	"metadata": {"name": "reader", "namespace": "n"},
	"spec": {"name": "reader", "cluster": {"name": "db"}, "clientCertificate": {}},
}}

store := {"file": "s.yaml", "object": {
	"kind": "SecretStore",
	"metadata": {"name": "s", "namespace": "app"},
	"spec": {"provider": {"kubernetes": {"remoteNamespace": "n", "auth": {"serviceAccount": {"name": "copier"}}}}},
}}

pod(account) := {"file": "p.yaml", "object": {
	"kind": "Pod",
	"metadata": {"name": "p", "namespace": "app"},
	"spec": {"serviceAccountName": account},
}}

copier := {"kind": "ServiceAccount", "name": "copier", "namespace": "app"}

copying(names, verbs, subjects, others) := {"documents": array.concat(
	array.concat(
		role([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": names, "verbs": verbs}]).documents,
		[{"file": "b.yaml", "object": {
			"kind": "RoleBinding",
			"metadata": {"name": "b", "namespace": "n"},
			"roleRef": {"kind": "Role", "name": "r"},
			"subjects": subjects,
		}}],
	),
	array.concat([certificate, store], others),
)}

test_a_store_may_copy_the_one_certificate_that_the_operator_makes if {
	document := copying(["reader-client-cert"], ["get"], [copier], [pod("api")])
	secrets_readable.deny == set() with input as document
}

test_no_other_secret_verb_account_or_pod_may if {
	documents := [
		copying(["reader-client-cert", "db-ca"], ["get"], [copier], []),
		copying(["db-ca"], ["get"], [copier], []),
		copying([], ["get"], [copier], []),
		copying(["reader-client-cert"], ["update"], [copier], []),
		copying(["reader-client-cert"], ["get"], [copier, {"kind": "Group", "name": "g"}], []),
		copying(["reader-client-cert"], ["get"], [copier], [pod("copier")]),
	]
	every document in documents {
		count(secrets_readable.deny) == 1 with input as document
	}
}

# making returns a role that may delete a Cluster of a name, and read Secrets.
making(cluster, names, verb) := {"documents": array.concat(
	role([
		{"apiGroups": ["postgresql.cnpg.io"], "resources": ["clusters"], "resourceNames": [cluster], "verbs": ["delete"]},
		{"apiGroups": [""], "resources": ["secrets"], "resourceNames": names, "verbs": [verb]},
	]).documents,
	[{"file": "c.yaml", "object": {"kind": "Cluster", "metadata": {"name": "db", "namespace": "n"}, "spec": {}}}],
)}

test_the_secrets_of_a_cluster_of_its_own_may_be_read if {
	document := making("copy", ["copy-superuser", "copy-ca"], "get")
	secrets_readable.deny == set() with input as document
}

test_no_secrets_of_another_cluster_or_of_one_of_ours_may if {
	documents := [
		making("copy", ["db-superuser"], "get"),
		making("copy", ["copy-app"], "get"),
		making("copy", ["copy-ca"], "update"),
		making("copy", [], "get"),
		making("db", ["db-superuser"], "get"),
	]
	every document in documents {
		count(secrets_readable.deny) == 1 with input as document
	}
}
