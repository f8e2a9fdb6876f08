package stores.server_connections_exceeded_test

import data.stores.server_connections_exceeded
import rego.v1

cluster(roles, parameters) := {"documents": [{"file": "c.yaml", "object": {
	"kind": "Cluster",
	"metadata": {"name": "db"},
	"spec": {"managed": {"roles": roles}, "postgresql": {"parameters": parameters}},
}}]}

test_the_servers_own_numbers_count_where_none_is_given if {
	roles := [{"name": "a", "login": true, "connectionLimit": 97}, {"name": "b", "connectionLimit": 50}]
	server_connections_exceeded.deny == set() with input as cluster(roles, {})
	denials := server_connections_exceeded.deny with input as cluster(roles, {"max_connections": "99"})
	{denial.message | some denial in denials} == {concat("", [
		"the roles of db may open 100 connections with those that are reserved, ",
		"and max_connections is 99",
	])}
}
