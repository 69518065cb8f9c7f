package intake

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"shlkiosk/sync/fhir"
)

// readBatch is how many resources one search by _id reads back: 100 ids of 36
// characters stay well under the 8 kB that servers accept in an address.
const readBatch = 100

// readBack gets resources by id, many in one search where the server can, and
// one by one what such a search does not bring. One batch of reads would be
// fewer requests; it is left alone because caches, proxies and rights treat it
// as a write, and a check should read as a chart is read.
func (d *delivery) readBack(ctx context.Context, refs map[string]bool) (map[string]fhir.Resource, error) {
	ids := map[string][]string{}
	for ref := range refs {
		if l, ok := fhir.ParseLiteral(ref); ok {
			ids[l.Type] = append(ids[l.Type], l.ID)
		}
	}
	out := make(map[string]fhir.Resource, len(refs))
	var mu sync.Mutex
	keep := func(r fhir.Resource) {
		mu.Lock()
		defer mu.Unlock()
		out[r.Type()+"/"+r.ID()] = r
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(d.opt.Parallel)
	for typ, list := range ids {
		slices.Sort(list)
		for part := range slices.Chunk(list, readBatch) {
			g.Go(func() error {
				if len(part) > 1 && typ != "Binary" {
					rs, err := d.opt.Client.Search(gctx, typ, url.Values{"_id": {strings.Join(part, ",")}, "_count": {"100"}}, 2*readBatch)
					if err != nil && !unsupported(err) && !errors.Is(err, fhir.ErrTruncated) {
						return err
					}
					for _, r := range rs {
						keep(r)
					}
				}
				for _, id := range part {
					mu.Lock()
					_, have := out[typ+"/"+id]
					mu.Unlock()
					if have {
						continue
					}
					r, err := d.opt.Client.Read(gctx, typ+"/"+id)
					switch s := fhir.Status(err); {
					case err == nil:
						keep(r)
					case s == 404 || s == 410 || s == 403:
					default:
						return err
					}
				}
				return nil
			})
		}
	}
	return out, g.Wait()
}
