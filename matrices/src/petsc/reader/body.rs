//! The numbers of an object.

use super::{Header, Reader};
use crate::mtx::{AnyMatrix, AnyVectors, Vectors};
use crate::petsc::{Kind, Object, PetscError};
use crate::{Csr, Scalar};
use std::io::{Read, Seek};

impl<R: Read + Seek> Reader<R> {
    /// What follows a header.
    pub(super) fn body(&mut self, header: &Header) -> Result<Object, PetscError> {
        match header.kind {
            Kind::Vector if header.complex => {
                let data = self.complexes(header.rows)?;
                Ok(Object::Vector(AnyVectors::Complex(column(data))))
            }
            Kind::Vector => {
                let data = self.reals(header.rows)?;
                Ok(Object::Vector(AnyVectors::Real(column(data))))
            }
            Kind::Matrix => {
                let (row_ptr, columns) = self.pattern(header)?;
                Ok(Object::Matrix(if header.complex {
                    let values = self.complexes(header.nnz)?;
                    AnyMatrix::Complex(self.sorted(header, row_ptr, columns, values)?)
                } else {
                    let values = self.reals(header.nnz)?;
                    AnyMatrix::Real(self.sorted(header, row_ptr, columns, values)?)
                }))
            }
        }
    }

    /// Row pointers and columns.
    fn pattern(&mut self, header: &Header) -> Result<(Vec<u32>, Vec<u32>), PetscError> {
        let Header {
            rows, cols, nnz, ..
        } = *header;
        let mut row_ptr = Vec::with_capacity(rows + 1);
        let mut sum = 0u32;
        row_ptr.push(sum);
        self.numbers(rows, header.index64, "the lengths of the rows", |length| {
            let row = row_ptr.len() - 1;
            let next = u32::try_from(length)
                .ok()
                .and_then(|length| sum.checked_add(length))
                .filter(|&next| next as usize <= nnz);
            sum = next.ok_or_else(|| {
                format!("row {row} has {length} entries, of {nnz} in all that begin with {sum} in the rows before")
            })?;
            row_ptr.push(sum);
            Ok(())
        })?;
        if sum as usize != nnz {
            let problem = format!("the rows have {sum} entries together, {nnz} were announced");
            return Err(self.content(header.body, problem));
        }
        let mut columns = Vec::with_capacity(nnz);
        self.numbers(nnz, header.index64, "the columns", |column| {
            let known = u32::try_from(column).ok();
            let known = known.filter(|&column| (column as usize) < cols);
            columns.push(known.ok_or_else(|| {
                format!("column {column} (from 0) of a matrix with {cols} columns")
            })?);
            Ok(())
        })?;
        Ok((row_ptr, columns))
    }

    /// The matrix, its rows sorted.
    fn sorted<T: Scalar>(
        &self,
        header: &Header,
        row_ptr: Vec<u32>,
        mut columns: Vec<u32>,
        mut values: Vec<T>,
    ) -> Result<Csr<T>, PetscError> {
        let mut row = Vec::new();
        for (i, ends) in row_ptr.windows(2).enumerate() {
            let range = ends[0] as usize..ends[1] as usize;
            let (columns, values) = (&mut columns[range.clone()], &mut values[range]);
            if columns.is_sorted_by(|a, b| a < b) {
                continue;
            }
            row.clear();
            row.extend(columns.iter().copied().zip(values.iter().copied()));
            row.sort_by_key(|&(column, _)| column);
            if let Some(twice) = row.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let entries = header.rows as u64 + u64::from(ends[0]);
                let offset = header.body + entries * header.index_bytes();
                let problem = format!("row {i} has column {} twice (from 0)", twice[0].0);
                return Err(self.content(offset, problem));
            }
            for ((column, value), &(c, v)) in columns.iter_mut().zip(values).zip(&row) {
                (*column, *value) = (c, v);
            }
        }
        Csr::new(header.rows, header.cols, row_ptr, columns, values)
            .map_err(|error| self.content(header.offset, error.to_string()))
    }
}

fn column<T>(data: Vec<T>) -> Vectors<T> {
    Vectors {
        nrows: data.len(),
        ncols: 1,
        data,
    }
}
