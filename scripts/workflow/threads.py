"""One comment of ours on a pull request, and one issue of ours about a thing: found again by a hidden mark, changed in
place."""

from github import BOT, GitHub

LABEL = "operations"


def mark(name: str) -> str:
    """The first line of what is ours. Not shown."""
    return f"<!-- waybill:{name} -->"


def comment(github: GitHub, number: int, name: str) -> dict | None:
    """Our comment of that name. Others may quote its text, hence the author; of two the older one."""
    for one in github.pages(f"issues/{number}/comments"):
        if one["user"]["login"] == BOT and one["body"].startswith(mark(name)):
            return one
    return None


def put_comment(github: GitHub, number: int, name: str, body: str) -> None:
    """Makes the comment say this, once, however often it is told."""
    text = f"{mark(name)}\n{body}"
    if there := comment(github, number, name):
        github.patch(f"issues/comments/{there['id']}", body=text)
    else:
        github.post(f"issues/{number}/comments", body=text)


def issue(github: GitHub, name: str) -> dict | None:
    """Our open issue of that name."""
    for one in github.pages("issues", state="open", labels=LABEL):
        if one["user"]["login"] == BOT and (one["body"] or "").startswith(mark(name)):
            return one
    return None


def open_issue(github: GitHub, name: str, title: str, body: str) -> int:
    """Opens it, or brings the open one up to date; its number."""
    text = f"{mark(name)}\n{body}"
    if there := issue(github, name):
        github.patch(f"issues/{there['number']}", title=title, body=text)
        return there["number"]
    return github.post("issues", title=title, body=text, labels=[LABEL])["number"]


def close_issue(github: GitHub, name: str, why: str) -> int | None:
    """Closes it with the reason where it is open; its number."""
    there = issue(github, name)
    if not there:
        return None
    github.post(f"issues/{there['number']}/comments", body=why)
    github.patch(f"issues/{there['number']}", state="closed", state_reason="completed")
    return there["number"]
