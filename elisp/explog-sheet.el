;;; explog-sheet.el --- The diffs that a backfill shows  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A sheet is the diff of one experiment in the plan that `explog-backfill'
;; shows.  The cookies of a list depend on which of its edits are made
;; together.  So the server makes a new sheet whenever an edit is dropped or
;; brought back.  A sheet without edits is hidden, not deleted, so that it
;; can be brought back in its place.

;;; Code:

(require 'cl-lib)
(require 'explog-review)
(require 'explog-server)
(require 'seq)
(require 'subr-x)
(require 'text-property-search)

;;;; Rows from the server

(cl-defstruct (explog-sheet-row (:type vector) (:constructor nil) (:copier nil))
  "The edits of one experiment, and a DIFF that shows them."
  file line experiment title diff edits)

(cl-defstruct (explog-sheet-edit-row (:type vector) (:constructor nil) (:copier nil))
  "An edit of one step, shown in the diff of its sheet from START to END.
REPLACES is the dead hash that it replaces, or an empty string."
  number step line repository commit message start end replaces)

;;;; Sheets

(cl-defstruct (explog-sheet (:constructor explog-sheet--make)
                                     (:copier nil))
  "An experiment with its remaining edits; its diff begins at MARKER."
  file line experiment edits marker)

(cl-defstruct (explog-sheet-commit (:constructor nil) (:copier nil))
  "A commit that a line shows, and where its reference leads.
MESSAGE describes both."
  file line experiment step repository commit message)

(cl-defstruct (explog-sheet-edit (:include explog-sheet-commit)
                                 (:constructor explog-sheet-make-edit) (:copier nil))
  "An edit of one step; STALE is the reason why it was not made, or nil.
NUMBER and SHEET are nil if the plan does not have the edit, as the user
dropped it before."
  number sheet stale)

(defvar-local explog-sheet-plan nil
  "The server's number of the plan in this buffer, or nil.")

(defvar-local explog-sheets nil
  "The sheets of this buffer, in their order.")

(defun explog-sheet--insert (row)
  "Insert the sheet in ROW at point, and return it."
  (let ((sheet (explog-sheet--make
                :file (explog-sheet-row-file row)
                :line (explog-sheet-row-line row)
                :experiment (explog-sheet-row-experiment row)
                :marker (point-marker))))
    (setf (explog-sheet-edits sheet)
          (explog-sheet--insert-diff sheet row))
    sheet))

(defun explog-sheet--insert-diff (sheet row &optional known)
  "Insert the diff of SHEET from ROW, and return its edits.
KNOWN are edits that exist already."
  (let ((start (point)))
    (insert (propertize (explog-sheet-row-diff row)
                        'explog-sheet sheet))
    (mapcar (lambda (row)
              (let* ((number (explog-sheet-edit-row-number row))
                     (edit (or (seq-find (lambda (edit)
                                           (= number (explog-sheet-edit-number edit)))
                                         known)
                               (explog-sheet--edit row sheet))))
                (put-text-property (+ start (explog-sheet-edit-row-start row))
                                   (+ start (explog-sheet-edit-row-end row))
                                   'explog-review-item edit)
                (explog-sheet--mark-replaced
                 (+ start (explog-sheet-edit-row-end row))
                 (explog-sheet-edit-row-replaces row))
                edit))
            (explog-sheet-row-edits row))))

(defun explog-sheet--mark-replaced (end hash)
  "Display the dead HASH below the edit that ends at END.
HASH is empty if the edit replaces none."
  (unless (string-empty-p hash)
    (let ((overlay (make-overlay (1- end) end)))
      (overlay-put overlay 'evaporate t)
      (overlay-put overlay 'after-string
                   (propertize (format "! replaces a dead hash, %s\n" hash)
                               'face 'explog-review-where)))))

(defun explog-sheet--edit (row sheet)
  "Return the edit in ROW, which is one of SHEET."
  (explog-sheet-make-edit
   :file (explog-sheet-file sheet)
   :line (explog-sheet-edit-row-line row)
   :experiment (explog-sheet-experiment sheet)
   :step (explog-sheet-edit-row-step row)
   :repository (explog-sheet-edit-row-repository row)
   :commit (explog-sheet-edit-row-commit row)
   :message (explog-sheet-edit-row-message row)
   :number (explog-sheet-edit-row-number row)
   :sheet sheet))

(defun explog-sheet-forget ()
  "Forget the plan of this buffer, whose text then is of no more use."
  (setq explog-sheet-plan nil)
  (dolist (sheet explog-sheets)
    (set-marker (explog-sheet-marker sheet) nil))
  (setq explog-sheets nil)
  (let ((inhibit-read-only t))
    (remove-text-properties (point-min) (point-max)
                            '(explog-review-item nil explog-sheet nil))))

;;;; Insertion

(defun explog-sheet-append (rows)
  "Insert the sheets in ROWS after the existing ones."
  (goto-char (explog-sheet--end))
  (setq explog-sheets
        (nconc explog-sheets (explog-sheet--insert-all rows))))

(defun explog-sheet--end ()
  "Return the end of the last sheet."
  (if explog-sheets
      (cdr (explog-sheet-region (car (last explog-sheets))))
    (point-min)))

(defun explog-sheet--insert-all (rows)
  "Insert the sheets in ROWS, a vector, and return them."
  (let ((file (when-let ((last (car (last explog-sheets))))
                (explog-sheet-file last)))
        sheets)
    (seq-doseq (row rows)
      (unless (equal file (explog-sheet-row-file row))
        (setq file (explog-sheet-row-file row))
        (explog-sheet--insert-file file))
      (push (explog-sheet--insert row) sheets))
    (nreverse sheets)))

(defun explog-sheet--insert-file (file)
  "Insert the head of the diff of FILE."
  (let ((name (string-replace "\n" "\\n" (abbreviate-file-name file))))
    (insert (propertize (format "--- %s\n+++ %s\n" name name)
                        'explog-sheet-file file))))

;;;; Parts of the buffer

(defun explog-sheet-here ()
  "Return the sheet at point, or nil."
  (get-text-property (line-beginning-position) 'explog-sheet))

(defun explog-sheets-here ()
  "Return the sheets of the file whose name is at point."
  (when-let ((file (get-text-property (line-beginning-position) 'explog-sheet-file)))
    (seq-filter (lambda (sheet) (equal file (explog-sheet-file sheet)))
                explog-sheets)))

(defun explog-sheet-edits-left ()
  "Return the remaining edits of the plan that are not stale."
  (mapcan (lambda (sheet)
            (seq-remove #'explog-sheet-edit-stale
                        (explog-sheet-edits sheet)))
          explog-sheets))

;;;; Changes of the buffer

(defun explog-sheet-take-out (edits)
  "Drop EDITS from the plan."
  (explog-sheet--rewrite edits #'seq-difference))

(defun explog-sheet-put-back (edits)
  "Bring EDITS back into the plan."
  (explog-sheet--rewrite
   edits (lambda (left some)
           (seq-sort-by #'explog-sheet-edit-number #'< (append left some)))))

(defun explog-sheet--rewrite (edits change)
  "Update the sheets of EDITS.
CHANGE is called with the remaining edits of a sheet and those of EDITS
in it.  It returns the new edits of the sheet."
  (pcase-dolist (`(,sheet . ,some) (explog-sheet--by-sheet edits))
    (let ((left (funcall change (explog-sheet-edits sheet) some)))
      (setf (explog-sheet-edits sheet) left)
      (if left
          (explog-sheet--renew sheet)
        (explog-sheet--hide sheet))))
  (mapc #'explog-sheet--show-file
        (delete-dups (mapcar (lambda (edit)
                               (explog-sheet-file (explog-sheet-edit-sheet edit)))
                             edits)))
  (unless (explog-review-item)
    (ignore-errors (explog-review-next))))

(defun explog-sheet--by-sheet (edits)
  "Return an alist of the sheets of EDITS, each with its own EDITS.
With thousands of edits, `seq-group-by' would take seconds."
  (let ((table (make-hash-table :test #'eq)) sheets)
    (dolist (edit edits)
      (let ((sheet (explog-sheet-edit-sheet edit)))
        (unless (gethash sheet table)
          (push sheet sheets))
        (push edit (gethash sheet table))))
    (mapcar (lambda (sheet) (cons sheet (nreverse (gethash sheet table))))
            (nreverse sheets))))

(defun explog-sheet-region (sheet)
  "Return (BEG . END) of the diff of SHEET."
  (let ((beg (marker-position (explog-sheet-marker sheet))))
    (cons beg (or (next-single-property-change beg 'explog-sheet)
                  (point-max)))))

(defun explog-sheet--renew (sheet)
  "Ask the server for SHEET with the remaining edits, and show it."
  (let ((buffer (current-buffer))
        (edits (explog-sheet-edits sheet)))
    (explog-server-call
     "sheet" (list explog-sheet-plan (mapcar #'explog-sheet-edit-number edits))
     :success (lambda (row)
                (when (buffer-live-p buffer)
                  (with-current-buffer buffer
                    ;; Else another answer is on its way.
                    (when (and (marker-buffer (explog-sheet-marker sheet))
                               (eq edits (explog-sheet-edits sheet)))
                      (explog-sheet--replace sheet row)))))
     :error (lambda (problem)
              (when (buffer-live-p buffer)
                (with-current-buffer buffer
                  (explog-sheet-forget)
                  (explog-review-failed problem)))))))

(defun explog-sheet--replace (sheet row)
  "Replace SHEET by the one in ROW, and keep point."
  (pcase-let ((`(,beg . ,end) (explog-sheet-region sheet))
              (line (line-number-at-pos))
              (inhibit-read-only t))
    (save-excursion
      ;; Behind the first character, as the marker of the next sheet is at the end.
      (goto-char (1+ beg))
      (explog-sheet--insert-diff sheet row (explog-sheet-edits sheet))
      (let ((new (point)))
        (delete-region new (+ end (- new (1+ beg))))
        (delete-region beg (1+ beg))))
    (when (and (<= beg (point)) (not (= line (line-number-at-pos))))
      (goto-char (point-min))
      (forward-line (1- line)))
    (explog-sheet-mark-stale
     (seq-filter #'explog-sheet-edit-stale (explog-sheet-edits sheet)))))

(defun explog-sheet--hide (sheet)
  "Hide SHEET.
Keep two characters: text that is inserted after the first one comes
before the next sheet."
  (pcase-let ((`(,beg . ,end) (explog-sheet-region sheet))
              (inhibit-read-only t))
    (remove-overlays beg end)
    (delete-region (1+ beg) (1- end))
    (remove-text-properties beg (+ beg 2) '(explog-review-item nil))
    (put-text-property beg (+ beg 2) 'invisible t)))

(defun explog-sheet--show-file (file)
  "Show the name of FILE if an edit is left in it, otherwise hide it."
  (save-excursion
    (goto-char (point-min))
    (when-let* ((match (text-property-search-forward 'explog-sheet-file file t))
                (inhibit-read-only t))
      (put-text-property (prop-match-beginning match) (prop-match-end match)
                         'invisible
                         (not (seq-some (lambda (sheet)
                                          (and (equal file (explog-sheet-file sheet))
                                               (explog-sheet-edits sheet)))
                                        explog-sheets))))))

(defun explog-sheet-mark-stale (edits)
  "Display at each of EDITS why it was not made."
  (save-excursion
    (dolist (edit edits)
      (goto-char (explog-sheet-marker (explog-sheet-edit-sheet edit)))
      (when-let ((match (text-property-search-forward 'explog-review-item edit #'eq)))
        (let ((overlay (make-overlay (prop-match-beginning match) (prop-match-end match))))
          (overlay-put overlay 'evaporate t)
          (overlay-put overlay 'face 'shadow)
          (overlay-put overlay 'after-string
                       (propertize (format "! not written: %s\n"
                                           (explog-sheet-edit-stale edit))
                                   'face 'explog-review-problem)))))))

(provide 'explog-sheet)
;;; explog-sheet.el ends here
