//! The bytes of a file in shared pages: a copy costs nothing, a write copies the list and the pages it touches.

use std::sync::Arc;

pub(crate) const PAGE: usize = 4096;

#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    pages: Arc<Vec<Arc<[u8; PAGE]>>>,
    length: u64,
}

impl Content {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// How many pages it takes up with this length.
    pub(crate) fn pages_of(length: u64) -> u64 {
        length.div_ceil(PAGE as u64)
    }

    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let there = self.length.saturating_sub(offset);
        let wanted = buffer.len().min(size(there));
        let mut done = 0;
        while done < wanted {
            let (page, within) = place(offset + done as u64);
            let part = (PAGE - within).min(wanted - done);
            buffer[done..done + part].copy_from_slice(&self.pages[page][within..within + part]);
            done += part;
        }
        done
    }

    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let end = offset + bytes.len() as u64;
        if end > self.length {
            self.set_length(end);
        }
        let mut done = 0;
        while done < bytes.len() {
            let (page, within) = place(offset + done as u64);
            let part = (PAGE - within).min(bytes.len() - done);
            Arc::make_mut(&mut Arc::make_mut(&mut self.pages)[page])[within..within + part]
                .copy_from_slice(&bytes[done..done + part]);
            done += part;
        }
    }

    pub(crate) fn set_length(&mut self, length: u64) {
        let pages = size(Self::pages_of(length));
        if length < self.length {
            Arc::make_mut(&mut self.pages).truncate(pages);
            let (page, within) = place(length);
            if within > 0 {
                Arc::make_mut(&mut Arc::make_mut(&mut self.pages)[page])[within..].fill(0);
            }
        } else {
            // One page of zeros, however long the hole.
            Arc::make_mut(&mut self.pages).resize(pages, Arc::new([0; PAGE]));
        }
        self.length = length;
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a simulated file fits into memory")
}

fn place(offset: u64) -> (usize, usize) {
    (size(offset / PAGE as u64), size(offset % PAGE as u64))
}
