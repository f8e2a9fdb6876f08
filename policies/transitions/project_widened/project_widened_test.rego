package transitions.project_widened_test

import data.transitions.project_widened
import rego.v1

project(spec) := {"kind": "AppProject", "metadata": {"name": "p"}, "spec": spec}

reader(acts) := {"name": "r", "policies": acts, "groups": ["g"]}

before := {
	"sourceRepos": ["https://a"],
	"destinations": [{"name": "a", "namespace": "n"}],
	"roles": [reader(["get"])],
}

added(spec) := {[denial.pointer, denial.after] | some denial in denials} if {
	denials := project_widened.deny with input as {
		"argocd": [{"file": "p", "object": project(object.union(before, spec))}],
		"before": {"argocd": {"p": project(before)}},
	}
}

test_as_much_and_less_pass if {
	added({}) == set()
	added({"sourceRepos": [], "roles": []}) == set()
}

test_each_added_entry_is_a_denial_of_its_own if {
	each := {["/spec/sourceRepos", "https://b"], ["/spec/sourceRepos", "https://c"]}
	added({"sourceRepos": ["https://b", "https://c"]}) == each
}

test_a_cluster_that_the_environment_adds_brings_its_destinations_in_the_namespaces_that_there_are if {
	spec := {"destinations": [
		{"name": "e-b", "namespace": "n"},
		{"name": "e-b", "namespace": "new"},
		{"name": "e-c", "namespace": "n"},
	]}
	denials := project_widened.deny with input as {
		"environment": {"name": "e", "clusters": {"a": {}, "b": {}}},
		"argocd": [{"file": "p", "object": project(object.union(before, spec))}],
		"before": {"clusters": ["a"], "argocd": {"p": project(before)}},
	}
	{denial.after | some denial in denials} == {"e-b/new", "e-c/n"}
}

test_each_list_that_grows_is_denied_with_what_is_added if {
	added({"sourceRepos": ["https://a", "https://b"]}) == {["/spec/sourceRepos", "https://b"]}
	added({"destinations": [{"name": "b", "namespace": "n"}]}) == {["/spec/destinations", "b/n"]}
	added({"clusterResourceWhitelist": [{"group": "", "kind": "Node"}]}) == {["/spec/clusterResourceWhitelist", "/Node"]}
	added({"roles": [reader(["get", "sync"])]}) == {["/spec/roles", "r: sync"]}
}
