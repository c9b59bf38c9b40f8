# What all environments of one owner share. Make it yours: bucket names are unique in the world.
prefix   = "waybill"
region   = "eu-west-1"
runbooks = "https://github.com/OWNER/REPOSITORY/blob/main/docs/runbooks"

# Who is told of alarms and of budgets.
emails = []
