# Between the gateway and the tasks. Inside the network: the gateway comes in by its link, and nobody else does.

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:The gateway in front logs every request, with who made it
  #checkov:skip=CKV_AWS_150:What is behind it is made again from the files; protection would only stop a destroy that is asked for
  #checkov:skip=CKV2_AWS_28:It has no public address; limits and keys are the gateway's and the program's

  name                       = local.service
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = var.network.subnet_ids
  security_groups            = [aws_security_group.balancer.id]
  drop_invalid_header_fields = true
  # Longer than a request may take.
  idle_timeout = 35
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:The way from the balancer to a task stays inside the network, between two groups that know only each other

  name                 = local.service
  target_type          = "ip"
  port                 = local.port
  protocol             = "HTTP"
  vpc_id               = var.network.vpc_id
  deregistration_delay = local.drain_s

  health_check {
    # Ready: it reached its databases once, and is not about to end.
    path                = "/health/ready"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_security_group" "link" {
  #checkov:skip=CKV2_AWS_5:the gateway's link that wears it is made elsewhere

  name        = "${local.service}-link"
  description = "The gateway's way to the balancer, and nowhere else."
  vpc_id      = var.network.vpc_id
}

resource "aws_security_group" "balancer" {
  name        = "${local.service}-balancer"
  description = "The balancer: in from the gateway, out to the tasks."
  vpc_id      = var.network.vpc_id
}

resource "aws_security_group" "tasks" {
  name        = "${local.service}-tasks"
  description = "Tasks: in from the balancer. Out as functions, whose group they wear besides."
  vpc_id      = var.network.vpc_id
}

locals {
  hops = {
    balancer = { from = aws_security_group.link.id, to = aws_security_group.balancer.id, port = 443 }
    tasks    = { from = aws_security_group.balancer.id, to = aws_security_group.tasks.id, port = local.port }
  }
}

resource "aws_vpc_security_group_egress_rule" "hop" {
  for_each = local.hops

  security_group_id            = each.value.from
  description                  = "To the ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.to
}

resource "aws_vpc_security_group_ingress_rule" "hop" {
  for_each = local.hops

  security_group_id            = each.value.to
  description                  = "To the ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.from
}
