package kubernetes.data_pruned_test

import data.kubernetes.data_pruned
import rego.v1

object(kind, name, options, fields) := {"file": sprintf("%s/%s", [kind, name]), "object": object.union(fields, {
	"kind": kind,
	"metadata": {
		"name": name,
		"namespace": "n",
		"annotations": {"argocd.argoproj.io/sync-options": options},
	},
})}

kept := "Prune=false,Delete=false"

messages(documents) := {denial.message | some denial in denials} if {
	denials := data_pruned.deny with input as {"argocd": [], "documents": documents}
}

test_what_holds_data_is_never_pruned if {
	messages([object("Cluster", "db", "Prune=confirm,Delete=false", {}), object("Deployment", "api", "", {})]) == {
		"the Cluster db can be pruned, and holds data, or guards the access to it"
	}
}

test_a_database_may_be_pruned_as_long_as_its_tables_stay if {
	messages([object("Database", "entries", "", {"spec": {}})]) == set()
	messages([object("Database", "entries", "", {"spec": {"databaseReclaimPolicy": "delete"}})]) == {
		"the Database entries can be pruned, and drops its tables when it is"
	}
}

test_secrets_go_by_the_name_of_the_secret_and_stores_by_their_own if {
	secret := object("ExternalSecret", "manager", "", {"spec": {"target": {"name": "password"}}})
	messages([object("Cluster", "db", kept, {"spec": {"role": "password"}}), secret]) == {
		"the ExternalSecret manager can be pruned, and is needed by the Cluster db"
	}
	store := object("SecretStore", "vault", "", {})
	followed := object("ExternalSecret", "manager", kept, {"spec": {"secretStoreRef": {"name": "vault"}}})
	messages([followed, store]) == {"the SecretStore vault can be pruned, and is needed by the ExternalSecret manager"}
}

test_a_right_of_a_protected_account_is_needed_and_that_of_another_is_not if {
	account := object("ServiceAccount", "login", kept, {})
	ours := object("Role", "tokens", "", {"rules": [{"resourceNames": ["login"]}]})
	other := object("Role", "other", "", {"rules": [{"resourceNames": ["elsewhere"]}]})
	messages([account, ours, other]) == {"the Role tokens can be pruned, and is needed by the ServiceAccount login"}
}

test_the_role_of_a_protected_binding_is_needed if {
	binding := object("ClusterRoleBinding", "logins", kept, {"roleRef": {"kind": "ClusterRole", "name": "review"}})
	roles := [object("ClusterRole", "review", "", {}), object("ClusterRole", "other", "", {})]
	messages(array.concat([binding], roles)) == {
		"the ClusterRole review can be pruned, and is needed by the ClusterRoleBinding logins"
	}
}

test_policies_of_protected_pods_and_those_of_every_pod_are_needed if {
	store := object("RedisReplication", "cache", kept, {})
	pods := {"spec": {"podSelector": {"matchLabels": {"app": "cache", "role": "replication"}}}}
	elsewhere := {"spec": {"podSelector": {"matchLabels": {"app": "api"}}}}
	policies := [
		object("NetworkPolicy", "cache", "", pods),
		object("NetworkPolicy", "api", "", elsewhere),
		object("NetworkPolicy", "all", "", {"spec": {"podSelector": {}}}),
	]
	messages(array.concat([store], policies)) == {
		"the NetworkPolicy cache can be pruned, and is about the pods of the RedisReplication cache",
		"the NetworkPolicy all can be pruned, and closes its namespace",
	}
}

test_what_a_kept_object_of_an_unknown_kind_needs_is_not_known if {
	messages([object("Deployment", "api", kept, {})]) == {
		"the Deployment api is kept, and this rule does not know what such a kind needs: add it to referring"
	}
	messages([object("ConfigMap", "queries", kept, {})]) == set()
}
