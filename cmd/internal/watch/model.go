package watch

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/seed-3d078585/overseer/admin"
)

// A look is how the terminal can be written to.
type look struct {
	unicode, colour bool
}

// A master is what the view needs of a client.
type master interface {
	Status(context.Context) (admin.Status, error)
	Restart(context.Context, admin.Order) (admin.Accepted, error)
	Upgrade(context.Context, admin.Order) (admin.Accepted, error)
	Rollback(context.Context, admin.Order, admin.Target) (admin.Accepted, error)
	Hold(context.Context, admin.Order, time.Time) (admin.Accepted, error)
	Release(context.Context, admin.Order) (admin.Accepted, error)
}

// A model is all that is shown. Update alone changes it.
type model struct {
	look
	master master
	ctx    context.Context // of the program: what is asked ends with it
	feed   <-chan tea.Msg
	now    func() time.Time

	width, height int
	status        *admin.Status
	events        []admin.Event // the last ones, oldest first
	rates         map[int]*rate // by generation
	lost          error         // why the master is not reached; nil: it is
	asking        bool          // a status is asked for
	again         bool          // and has to be asked for once more
	question      *question
	note          string // what became of the last order
	help          bool
}

// keptEvents is how many are remembered: as many as a tall terminal shows.
const keptEvents = 200

// Messages to the model.
type (
	statusMsg struct {
		status admin.Status
		err    error
	}
	streamMsg admin.Message
	pastMsg   []admin.Event   // those before the stream
	lostMsg   struct{ error } // the stream has ended; another is sought
	tickMsg   time.Time
)

// refresh is how often countdowns are drawn, and pollAfter how often the status is
// asked for where no event says that it changed.
const (
	refresh   = time.Second
	pollAfter = 2
)

func (m *model) Init() tea.Cmd { return tea.Batch(m.ask(), m.listen(), tick()) }

func tick() tea.Cmd { return tea.Tick(refresh, func(t time.Time) tea.Msg { return tickMsg(t) }) }

// listen waits for the next message of the feed.
func (m *model) listen() tea.Cmd {
	return func() tea.Msg {
		select {
		case msg, ok := <-m.feed:
			if ok {
				return msg
			}
		case <-m.ctx.Done():
		}
		return nil
	}
}

// ask has the status asked for, once at a time.
func (m *model) ask() tea.Cmd {
	if m.asking {
		m.again = true
		return nil
	}
	m.asking, m.again = true, false
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, 5*time.Second)
		defer cancel()
		s, err := m.master.Status(ctx)
		return statusMsg{s, err}
	}
}

// Update takes one message.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.KeyPressMsg:
		return m, m.press(msg.String())
	case statusMsg:
		return m, m.takeStatus(msg)
	case streamMsg:
		return m, tea.Batch(m.takeStream(admin.Message(msg)), m.listen())
	case pastMsg:
		m.events = append(m.events, msg...)
		return m, m.listen()
	case lostMsg:
		m.lost = msg.error
		return m, m.listen()
	case orderedMsg:
		m.note = msg.note
		return m, m.ask()
	case tickMsg:
		cmd := tick()
		if m.lost != nil || time.Time(msg).Unix()%pollAfter == 0 {
			cmd = tea.Batch(cmd, m.ask())
		}
		return m, cmd
	}
	return m, nil
}

func (m *model) takeStatus(msg statusMsg) tea.Cmd {
	m.asking = false
	if msg.err != nil {
		m.lost = msg.err
	} else {
		m.lost, m.status = nil, &msg.status
		for number := range m.rates {
			if !has(msg.status, number) {
				delete(m.rates, number)
			}
		}
	}
	if m.again {
		return m.ask()
	}
	return nil
}

func has(s admin.Status, number int) bool {
	for _, g := range s.Generations {
		if g.Number == number {
			return true
		}
	}
	return false
}

func (m *model) takeStream(msg admin.Message) tea.Cmd {
	switch {
	case msg.Event != nil:
		m.events = append(m.events, *msg.Event)
		m.events = m.events[max(len(m.events)-keptEvents, 0):]
		return m.ask()
	case msg.Sample != nil:
		m.lost = nil
		m.takeSample(*msg.Sample)
	case msg.Reconnected:
		m.lost, m.note = nil, "connected again: the master was replaced, or came back"
		return m.ask()
	}
	return nil
}

// takeSample brings the figures of the status up to date, and the rates.
func (m *model) takeSample(s admin.Sample) {
	for _, g := range s.Generations {
		if g.Connections == nil {
			continue
		}
		r := m.rates[g.Number]
		if r == nil {
			r = &rate{}
			m.rates[g.Number] = r
		}
		r.take(s.Time, *g.Connections)
	}
	if m.status == nil {
		return
	}
	m.status.Usage = s.Usage
	for i := range m.status.Generations {
		for _, g := range s.Generations {
			if of := &m.status.Generations[i]; of.Number == g.Number {
				of.Connections, of.Usage = g.Connections, g.Usage
			}
		}
	}
}
