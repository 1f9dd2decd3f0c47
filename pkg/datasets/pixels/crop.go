package pixels

import (
	"math"
	"sync"

	"github.com/snnctl/snnctl/internal/fault"
)

// Crop is the set with images of a smaller size, cut out where Read is told: of evaluation at the centre.
func (s Set) Crop(side int) (Set, error) {
	var err error
	cropped := s.each(func(images Images) Images {
		of := images.Shape()
		if side > of.Height || side > of.Width {
			err = tooLarge(side, of)
			return images
		}
		return &crop{Images: images, side: side}
	})
	return cropped, err
}

// crop is images of which a square is shown.
type crop struct {
	Images
	side    int
	scratch sync.Pool // of *[]float32
}

func tooLarge(side int, of Shape) error {
	return fault.Inputf("a square of %d pixels is to be cut out of images of %d×%d, expected one that fits", side, of.Height, of.Width)
}

func (c *crop) Shape() Shape { return Shape{c.Images.Shape().Channels, c.side, c.side} }

func (c *crop) Read(dst []float32, i int, at Window) error {
	s := c.Images.Shape()
	whole, giveBack := borrow(&c.scratch, s.Size())
	defer giveBack()
	if err := c.Images.Read(whole, i, at); err != nil {
		return err
	}
	top, left := corner(at.Y, s.Height-c.side), corner(at.X, s.Width-c.side)
	for channel := range s.Channels {
		for y := range c.side {
			copy(dst[(channel*c.side+y)*c.side:][:c.side], whole[(channel*s.Height+top+y)*s.Width+left:])
		}
	}
	return nil
}

// corner is where a window begins, of the places 0 to room: each is as likely where at is uniform in [0, 1), and 1/2
// is the middle, as in torchvision.
func corner(at float64, room int) int {
	if at == 0.5 {
		return int(math.RoundToEven(float64(room) / 2))
	}
	return min(int(at*float64(room+1)), room)
}
