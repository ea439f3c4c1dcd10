//! Numbers of the cells of a level, with zeros around them, in the order in which sweeps read them.

/// Numbers in a row of a tile are a multiple of this many.
pub(super) const LANE: usize = 16;
/// Columns of a row at most.
pub(super) const WIDTH: usize = 256 + 2 * LANE;

/// A level as sweeps go through it, layer by layer: layers of lines of NX cells. A layer of a plane is
/// one of its lines, a layer of a box is a plane of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub nx: usize,
    pub lines: usize,
    pub layers: usize,
}

impl Shape {
    pub const NONE: Self = Self {
        nx: 0,
        lines: 0,
        layers: 0,
    };

    /// Of so many cells along x, y and z; coarse levels of a box are boxes, be they flat.
    pub fn new([nx, ny, nz]: [usize; 3], solid: bool) -> Self {
        let (lines, layers) = if solid { (ny, nz) } else { (1, ny) };
        Self { nx, lines, layers }
    }

    /// Of the next coarser level; none below a single cell.
    pub fn coarser(self) -> Self {
        match self.cells() {
            0 | 1 => Self::NONE,
            _ => Self {
                nx: self.nx.div_ceil(2),
                lines: self.lines.div_ceil(2),
                layers: self.layers.div_ceil(2),
            },
        }
    }

    pub fn cells(self) -> usize {
        self.nx * self.lines * self.layers
    }

    /// Where a line begins among the cells.
    #[inline(always)]
    pub fn start(self, layer: usize, line: usize) -> usize {
        self.nx * (line + self.lines * layer)
    }
}

/// Lines of cells followed by zeros. Whatever comes before the first layer is zero as well.
#[derive(Debug, Clone)]
pub(super) struct Field {
    stride: usize,
    layer: usize,
    base: usize,
    data: Vec<f32>,
}

impl Field {
    pub fn zeros(shape: Shape) -> Self {
        let stride = Self::stride(shape);
        let layer = stride * shape.lines;
        let data = vec![0.0; 2 * LANE + layer * (shape.layers + 1) + WIDTH];
        Self {
            stride,
            layer,
            base: layer + LANE + aligned(&data),
            data,
        }
    }

    /// Numbers of a line from column i on. Line −1 is the last one of the layer before.
    #[inline(always)]
    pub fn row(&self, layer: isize, line: isize, i: isize, width: usize) -> &[f32] {
        let (stride, size) = (self.stride as isize, self.layer as isize);
        let at = (self.base as isize + layer * size + line * stride + i) as usize;
        &self.data[at..at + width]
    }

    /// Where cell p of a level is, in every field of it: for [`Field::at`].
    pub fn place(shape: Shape, p: usize) -> u32 {
        let (line, i) = (p / shape.nx, p % shape.nx);
        (line * Self::stride(shape) + i) as u32
    }

    fn stride(shape: Shape) -> usize {
        // not a power of two apart: lines next to each other shall not share the cache's sets
        shape.nx.next_multiple_of(LANE) + LANE
    }

    pub fn at(&self, place: u32) -> f32 {
        self.data[self.base + place as usize]
    }

    pub fn add(&mut self, place: u32, by: f32) {
        self.data[self.base + place as usize] += by;
    }

    /// All layers, to be shared out among threads.
    pub fn layers_mut(&mut self) -> Layers<'_> {
        let end = self.data.len() - WIDTH;
        Layers {
            stride: self.stride,
            layer: self.layer,
            data: &mut self.data[self.base..end],
        }
    }

    pub fn bytes(&self) -> usize {
        size_of_val(self.data.as_slice())
    }
}

/// Where cache lines begin.
pub(super) fn aligned(data: &[f32]) -> usize {
    data.as_ptr().align_offset(64).min(LANE)
}

/// Layers that follow each other, of a [`Field`] or of cells without anything between.
#[derive(Debug)]
pub(super) struct Layers<'a> {
    stride: usize,
    layer: usize,
    data: &'a mut [f32],
}

impl<'a> Layers<'a> {
    /// Of cells.
    pub fn of(shape: Shape, data: &'a mut [f32]) -> Self {
        Self {
            stride: shape.nx,
            layer: shape.nx * shape.lines,
            data,
        }
    }

    /// Of nothing.
    pub fn none() -> Self {
        Self {
            stride: 0,
            layer: 0,
            data: &mut [],
        }
    }

    /// Whether it is of nothing.
    pub fn is_none(&self) -> bool {
        self.layer == 0
    }

    /// All cells, one after the other: those of [`Layers::of`].
    pub fn cells(self) -> &'a mut [f32] {
        self.data
    }

    /// Cuts after `count` layers.
    pub fn split(self, count: usize) -> (Self, Self) {
        let (stride, layer) = (self.stride, self.layer);
        let (low, high) = self.data.split_at_mut(count * layer);
        let part = |data| Layers {
            stride,
            layer,
            data,
        };
        (part(low), part(high))
    }

    /// The cells of a line of a layer, counted from the first one here, from column i on.
    #[inline(always)]
    pub fn row(&mut self, layer: usize, line: usize, i: usize, width: usize) -> &mut [f32] {
        let at = layer * self.layer + line * self.stride + i;
        &mut self.data[at..at + width]
    }
}
