# Comments on pull request NUMBER with FOLDER/summary.md: one comment, updated in place, found by its first line.
#
# A new comment is made only where there is something to say; one that is there is always brought up to date.
set -euo pipefail

if [ "$WANTED" != true ]; then
  exit
fi
cd "$FOLDER"
marker=$(head -n 1 summary.md)
# All pages are read to their end: who stops early breaks the pipe, and fails the step, of a long discussion.
comment=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" |
  jq -rn --arg marker "$marker" '[inputs[]
    | select(.user.login == "github-actions[bot]" and (.body | startswith($marker))) | .id] | first // empty')
if [ -n "$comment" ]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$comment" --field body=@summary.md
elif [ -f report.json ] && [ "$(jq --from-file "$ACTION/action/is_news.jq" report.json)" = true ]; then
  gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" --field body=@summary.md
fi
