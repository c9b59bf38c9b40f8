# The way to the internet, where an environment pulls from partners' servers. One gateway: when its zone is down,
# pulling waits; loading and reading do not need it.

resource "aws_internet_gateway" "this" {
  count = var.nat ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = {
    Name = var.name
  }
}

resource "aws_subnet" "public" {
  count = var.nat ? 1 : 0

  vpc_id                  = aws_vpc.this.id
  availability_zone       = local.subnets["a"].zone
  cidr_block              = cidrsubnet(var.cidr, 4, 15) # the last sixteenth; the private ones count from the first
  map_public_ip_on_launch = false

  tags = {
    Name = "${var.name}-public-a"
    tier = "public"
  }
}

resource "aws_route_table" "public" {
  count = var.nat ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.name}-public"
  }
}

resource "aws_route" "internet" {
  count = var.nat ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count = var.nat ? 1 : 0

  subnet_id      = aws_subnet.public[0].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_eip" "nat" {
  count = var.nat ? 1 : 0

  domain = "vpc"

  tags = {
    Name = "${var.name}-nat"
  }
}

resource "aws_nat_gateway" "this" {
  count = var.nat ? 1 : 0

  subnet_id     = aws_subnet.public[0].id
  allocation_id = aws_eip.nat[0].id

  tags = {
    Name = var.name
  }

  # It has no way out before.
  depends_on = [aws_route.internet, aws_route_table_association.public]
}

resource "aws_route" "nat" {
  count = var.nat ? 1 : 0

  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}
