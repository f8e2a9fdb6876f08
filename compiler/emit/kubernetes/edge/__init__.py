"""The edge of the network: the firewall of the load balancer, and the load that both have to bear."""
