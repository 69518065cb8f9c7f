package patient

import (
	"context"
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"shlkiosk/sync/summary"
	"shlkiosk/ui/kit"
	"shlkiosk/ui/words"
)

// documentView is a PDF being looked at, one page at a time.
type documentView struct {
	doc     summary.Document
	page    int
	pages   int
	picture image.Image
	failed  bool
	cancel  context.CancelFunc
}

func (d *documentView) stop() {
	if d.cancel != nil {
		d.cancel()
		d.cancel = nil
	}
}

// documentRow offers a document to be looked at, or says why it cannot be.
func (w *Window) documentRow(d summary.Document) fyne.CanvasObject {
	l, t := w.look, w.words
	if !d.PDF() || w.o.Documents == nil {
		return w.body(t.DocumentState(d.State)).Soft()
	}
	title := d.Title.Reveal()
	if title == "" {
		title = t.Type("DocumentReference")
	}
	return kit.NewButton(l, kit.Tile, title, kit.IconDocument, w.turn(func(r *reviewing) {
		r.document = &documentView{doc: d}
		w.fetchPage(0)
	})).Named("open-" + d.Item + "-" + itoa(d.Index)).As(kit.Strong).With(t.T("review.open")).OfRecord()
}

// fetchPage asks the port for a page; what comes for a document that is no
// longer looked at is dropped.
func (w *Window) fetchPage(n int) {
	d := w.review.document
	d.stop()
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel, d.page, d.picture, d.failed = cancel, n, nil, false
	port, width, pdf := w.o.Documents, w.look.Metrics.WidthPx, d.doc.Bytes()
	w.o.Go(func() {
		picture, pages, err := port.Page(ctx, pdf, n, width)
		w.o.Do(func() {
			if ctx.Err() != nil || w.review == nil || w.review.document != d {
				return
			}
			d.picture, d.failed = picture, err != nil || picture == nil
			if pages > 0 {
				d.pages = pages
			}
			w.again()
		})
	})
}

// documentPage is one page as large as it fits, and buttons to the next.
func (w *Window) documentPage(d *documentView) page {
	l, t := w.look, w.words
	var body fyne.CanvasObject
	switch {
	case d.failed:
		body = w.pages(w.body(t.T("review.page.failed"))).Middle()
	case d.picture == nil:
		body = w.pages(w.body(t.T("review.page.loading")).Soft()).Middle()
	default:
		img := canvas.NewImageFromImage(d.picture)
		img.FillMode = canvas.ImageFillContain
		body = img
	}
	up := w.turn(func(r *reviewing) {})
	p := page{back: up, close: func() {}, frame: kit.Frame{Main: w.mainButton("review.back", kit.IconCheck, up), Desk: w.desk()}}
	if d.pages > 1 {
		turn := func(by int) func() {
			return func() {
				w.fetchPage(d.page + by)
				w.again()
			}
		}
		next := kit.NewButton(l, kit.Secondary, "", kit.IconNext, turn(+1)).Named("next").Says(t.T("review.page.next"))
		before := kit.NewButton(l, kit.Secondary, "", kit.IconBack, turn(-1)).Named("before").Says(t.T("review.page.previous"))
		if d.page == 0 {
			before.Disable()
		}
		if d.page+1 >= d.pages {
			next.Disable()
		}
		p.frame.Side = []*kit.Button{next, before}
		where := kit.NewText(l, kit.Body, t.T("review.page", words.Args{"n": d.page + 1, "of": d.pages})).Soft().Centre()
		body = kit.Below(l.MM(3), where, body)
	}
	p.frame.Body = body
	return p
}
