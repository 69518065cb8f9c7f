package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"shlkiosk/sync/sandbox"
)

// A test starts a world, shares a record, and looks at what was asked for it.
func Example() {
	ctx := context.Background()
	w, err := sandbox.Start(ctx, sandbox.Options{People: 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer w.Close()

	issued, err := w.Issue(ctx, sandbox.IssueRequest{Bundle: json.RawMessage(`{"resourceType":"Bundle","type":"collection"}`), Label: "My record"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.HasPrefix(issued.Link, "shlink:/"), issued.Flag)

	resp, err := http.Get(issued.URL + "?recipient=Front+desk")
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	fmt.Println(resp.Header.Get("Content-Type"))
	for _, a := range w.Accesses(issued.ID) {
		fmt.Println(a.What, a.Status, a.Recipient)
	}
	// Output:
	// true U
	// application/jose
	// direct 200 Front desk
}
