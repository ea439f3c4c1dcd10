//! Poisson's equation around obstacles: −Δu = f on the unit square or cube with balls cut out, others for
//! each system.
//!
//! Cells of width h_x, multiplied by h_x^2, w_d = (h_x/h_d)²:
//!   Σ w_d (u − u′) + Σ w_d u + Σ 2 w_d u = h_x²   for each cell
//! over its neighbours in the domain; over those in balls where u = 0; and over walls where u = 0, half a
//! cell away. Every other ball is insulated, and so is one wall of each pair (`walls`). Cells in balls, and
//! those that only insulated ones and walls surround, are rows of the identity with f = 0. The context is
//! the part of the cells that are such. Solves begin at zero.

use super::{Family, Instance, Novelty};
use crate::generate::disk;
use crate::{Csr, Grid, MatrixError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What holds at the walls of the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Walls {
    /// u = 0 at the lower wall of x and the upper one of y; the others are insulated.
    #[default]
    Mixed,
    /// u = 0 all around.
    Dirichlet,
    /// Insulated all around; without balls A is singular, constants are its null space.
    Neumann,
}

impl Walls {
    /// As they are typed.
    pub const NAMES: [&'static str; 3] = ["mixed", "dirichlet", "neumann"];
    /// In the order of their names.
    pub const ALL: [Self; 3] = [Self::Mixed, Self::Dirichlet, Self::Neumann];

    /// u = 0 at the lower and the upper wall of x, y, z.
    fn fixed(self) -> [[bool; 2]; 3] {
        match self {
            Self::Mixed => [[true, false], [false, true], [false; 2]],
            Self::Dirichlet => [[true; 2]; 3],
            Self::Neumann => [[false; 2]; 3],
        }
    }
}

/// Parameters of the sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Obstacles {
    /// The cells: a square, a box, any. Default 64 × 64.
    pub grid: Grid,
    /// How many. Default 1000.
    pub systems: usize,
    /// Balls in each. Default 10.
    pub balls: usize,
    /// The largest radius, in widths of the box; the least is a fifth of it. Default 0.12.
    pub radius: f64,
    /// What holds at the walls. Default mixed.
    pub walls: Walls,
}

impl Default for Obstacles {
    fn default() -> Self {
        Self {
            grid: Grid::new(64, 64, 1),
            systems: 1000,
            balls: 10,
            radius: 0.12,
            walls: Walls::Mixed,
        }
    }
}

const NAME: &str = "obstacles";

impl Obstacles {
    /// The sequence that belongs to a seed.
    ///
    /// # Errors
    /// [`MatrixError::Parameter`] for a grid without 2 to 2²⁷ cells, more than 10 000 balls, and a radius
    /// outside of 0 to ½, 0 left out.
    pub fn start(self, seed: u64) -> Result<Box<dyn Family>, MatrixError> {
        let wrong = |problem| {
            Err(MatrixError::Parameter {
                generator: NAME,
                problem,
            })
        };
        let cells = self.grid.unknowns().filter(|n| (2..=1 << 27).contains(n));
        let Some(n) = cells else {
            return wrong("the grid must have from 2 to 2^27 cells".into());
        };
        if self.balls > 10_000 {
            return wrong(format!("balls = {} must be at most 10000", self.balls));
        }
        if !(self.radius > 0.0 && self.radius <= 0.5) {
            let problem = format!("radius = {} must be positive, at most 0.5", self.radius);
            return wrong(problem);
        }
        Ok(Box::new(Running {
            parameters: self,
            seed,
            cells: vec![Cell::Open; n],
        }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Open,
    /// u = 0.
    Fixed,
    Insulated,
}

struct Running {
    parameters: Obstacles,
    seed: u64,
    cells: Vec<Cell>,
}

impl Running {
    /// The balls of system `index`.
    fn draw(&mut self, index: usize) -> Result<(), MatrixError> {
        let Obstacles {
            grid,
            balls,
            radius,
            ..
        } = self.parameters;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index as u64);
        self.cells.fill(Cell::Open);
        for ball in 0..balls {
            let mut centre = [0.5; 3];
            for c in &mut centre[..grid.dimension()] {
                *c = rng.random();
            }
            let size = radius * (0.2 + 0.8 * rng.random::<f64>());
            let kind = [Cell::Fixed, Cell::Insulated][ball % 2];
            for cell in disk(grid, centre, size)? {
                self.cells[cell] = kind;
            }
        }
        Ok(())
    }

    /// What is across a face of an open cell: a cell, or a wall with u = 0 or without flux.
    fn across(&self, at: [usize; 3], d: usize, upper: bool) -> Across {
        let mut step = [0; 3];
        step[d] = if upper { 1 } else { -1 };
        match self.parameters.grid.neighbour(at, step) {
            Some(to) => Across::Cell(self.parameters.grid.row(to)),
            None => Across::Wall(self.parameters.walls.fixed()[d][usize::from(upper)]),
        }
    }

    fn faces(&self) -> impl Iterator<Item = (usize, bool)> + use<> {
        (0..self.parameters.grid.dimension()).flat_map(|d| [(d, false), (d, true)])
    }

    /// Insulates what no value of u reaches, where there is a ball: A would be singular.
    fn close_pockets(&mut self) {
        let grid = self.parameters.grid;
        let tied = |row: &usize| {
            let at = grid.at(*row);
            self.cells[*row] == Cell::Open
                && self
                    .faces()
                    .any(|(d, upper)| match self.across(at, d, upper) {
                        Across::Cell(to) => self.cells[to] == Cell::Fixed,
                        Across::Wall(fixed) => fixed,
                    })
        };
        let mut reached = vec![false; self.cells.len()];
        let mut queue: Vec<usize> = (0..self.cells.len()).filter(tied).collect();
        if self.cells.iter().all(|&cell| cell == Cell::Open) {
            return; // insulated all around or not: constants are the whole null space
        }
        queue.iter().for_each(|&row| reached[row] = true);
        while let Some(row) = queue.pop() {
            let at = grid.at(row);
            for (d, upper) in self.faces() {
                if let Across::Cell(to) = self.across(at, d, upper)
                    && self.cells[to] == Cell::Open
                    && !reached[to]
                {
                    reached[to] = true;
                    queue.push(to);
                }
            }
        }
        for (cell, reached) in self.cells.iter_mut().zip(reached) {
            if *cell == Cell::Open && !reached {
                *cell = Cell::Insulated;
            }
        }
    }
}

enum Across {
    Cell(usize),
    Wall(bool),
}

impl Family for Running {
    fn name(&self) -> String {
        let Obstacles {
            grid,
            systems,
            balls,
            radius,
            walls,
        } = self.parameters;
        let dims = grid.dims().map(|n| n.to_string());
        let grid = dims[..grid.dimension()].join("x");
        let walls = Walls::NAMES[walls as usize];
        format!("{NAME}:grid={grid},systems={systems},balls={balls},radius={radius},walls={walls}")
    }

    fn len(&self) -> usize {
        self.parameters.systems
    }

    fn continues(&self) -> bool {
        false
    }

    fn grid(&self) -> Option<Grid> {
        Some(self.parameters.grid)
    }

    fn next(&mut self, index: usize, _: &[f64], out: &mut Instance) -> Result<(), MatrixError> {
        self.draw(index)?;
        self.close_pockets();
        let grid = self.parameters.grid;
        let h = grid.dims().map(|n| 1.0 / n as f64);
        let n = self.cells.len();
        let entries = n * (2 * grid.dimension() + 1);
        let mut row_ptr = Vec::with_capacity(n + 1);
        let mut col_idx = Vec::with_capacity(entries);
        let mut values = Vec::with_capacity(entries);
        row_ptr.push(0);
        out.b = vec![0.0; n];
        for row in 0..n {
            let open = self.cells[row] == Cell::Open;
            let at = grid.at(row);
            let mut diagonal = if open { 0.0 } else { 1.0 };
            let mut place = None; // of the diagonal
            for face in 0..2 * grid.dimension() {
                // lower z, y, x, then upper x, y, z: columns in order
                let (d, upper) = match grid.dimension() - 1 {
                    top if face <= top => (top - face, false),
                    top => (face - top - 1, true),
                };
                if upper && place.is_none() {
                    place = Some(values.len());
                    col_idx.push(row as u32);
                    values.push(0.0);
                }
                if !open {
                    continue;
                }
                let w = (h[0] / h[d]).powi(2);
                diagonal += match self.across(at, d, upper) {
                    Across::Wall(true) => 2.0 * w,
                    Across::Wall(false) => 0.0,
                    Across::Cell(to) => match self.cells[to] {
                        Cell::Fixed => w,
                        Cell::Insulated => 0.0,
                        Cell::Open => {
                            col_idx.push(to as u32);
                            values.push(-w);
                            w
                        }
                    },
                };
            }
            if let Some(place) = place {
                values[place] = diagonal;
            }
            row_ptr.push(values.len() as u32);
            out.b[row] = if open { h[0] * h[0] } else { 0.0 };
        }
        out.a = Csr::new(n, n, row_ptr, col_idx, values)?;
        if self.parameters.walls == Walls::Neumann && self.cells.iter().all(|&c| c == Cell::Open) {
            out.b.fill(0.0); // without its mean, nothing is left
        }
        let masked = self.cells.iter().filter(|&&c| c != Cell::Open).count();
        out.context = vec![masked as f64 / n as f64];
        out.novelty = Novelty::Pattern;
        Ok(())
    }
}
