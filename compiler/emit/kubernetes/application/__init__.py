"""The API: its Deployment, its load balancer, its autoscaler, and its Secrets."""
