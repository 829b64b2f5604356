;;; explog-backfill-sheet.el --- The diffs of a plan, one by one  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A sheet is the diff of one experiment in the buffer of
;; `explog-backfill'.  As the cookies of a list depend on which of its
;; edits are made together, the server writes a sheet anew when an edit
;; is taken out or put back.  What has no edits left is hidden, not
;; deleted, so that it can be brought back in its place.

;;; Code:

(require 'cl-lib)
(require 'explog)
(require 'explog-review)
(require 'seq)
(require 'subr-x)
(require 'text-property-search)

(cl-defstruct (explog-backfill-sheet (:constructor explog-backfill--make-sheet)
                                     (:copier nil))
  "An experiment, its edits that are left, and where its diff begins."
  file line experiment edits marker)

(cl-defstruct (explog-backfill-edit (:constructor explog-backfill--make-edit)
                                    (:copier nil))
  "An edit of one step; STALE says why it could not be made."
  number step line repository commit message sheet stale)

(defvar-local explog-backfill-plan nil
  "The number by which the server knows the plan of this buffer, or nil.")

(defvar-local explog-backfill-sheets nil
  "The sheets of this buffer, in their order.")

(defun explog-backfill-insert-sheet (row)
  "Insert the sheet in ROW at point and return it."
  (pcase-let* ((`[,file ,line ,experiment ,_title ,_diff ,_edits] row)
               (sheet (explog-backfill--make-sheet
                       :file file :line line :experiment experiment
                       :marker (point-marker))))
    (setf (explog-backfill-sheet-edits sheet)
          (explog-backfill--insert-diff sheet row))
    sheet))

(defun explog-backfill--insert-diff (sheet row &optional known)
  "Insert the diff of SHEET that ROW has, and return the edits in it.
KNOWN are edits that are there already."
  (pcase-let ((`[,_file ,_line ,_experiment ,_title ,diff ,edits] row)
              (start (point)))
    (insert (propertize diff 'explog-backfill-sheet sheet))
    (mapcar (lambda (row)
              (pcase-let* ((`[,number ,step ,line ,repository ,commit ,message ,from ,to]
                            row)
                           (edit (or (seq-find (lambda (edit)
                                                 (= number (explog-backfill-edit-number edit)))
                                               known)
                                     (explog-backfill--make-edit
                                      :number number :step step :line line
                                      :repository repository :commit commit
                                      :message message :sheet sheet))))
                (put-text-property (+ start from) (+ start to)
                                   'explog-review-item edit)
                edit))
            edits)))

(defun explog-backfill-forget ()
  "Forget the plan of this buffer, and say that it is of no more use."
  (setq explog-backfill-plan nil)
  (dolist (sheet explog-backfill-sheets)
    (set-marker (explog-backfill-sheet-marker sheet) nil))
  (setq explog-backfill-sheets nil)
  (let ((inhibit-read-only t))
    (remove-text-properties (point-min) (point-max)
                            '(explog-review-item nil explog-backfill-sheet nil))))

;;;; Parts of the buffer

(defun explog-backfill-sheet-here ()
  "Return the sheet that point is in, or nil."
  (get-text-property (line-beginning-position) 'explog-backfill-sheet))

(defun explog-backfill-sheets-here ()
  "Return the sheets of the file whose name is at point."
  (when-let ((file (get-text-property (line-beginning-position) 'explog-backfill-file)))
    (seq-filter (lambda (sheet) (equal file (explog-backfill-sheet-file sheet)))
                explog-backfill-sheets)))

(defun explog-backfill-edits-left ()
  "Return the edits that are left in the plan, without those that are stale."
  (mapcan (lambda (sheet)
            (seq-remove #'explog-backfill-edit-stale
                        (explog-backfill-sheet-edits sheet)))
          explog-backfill-sheets))

(defun explog-backfill-count (edits)
  "Say how many EDITS there are."
  (if (cdr edits)
      (format "%d edits" (length edits))
    (format "the edit of %s"
            (car (split-string (explog-backfill-edit-message (car edits)))))))

;;;; Changes of the buffer

(defun explog-backfill-take-out (edits)
  "Take EDITS out of the plan."
  (explog-backfill--rewrite edits #'seq-difference))

(defun explog-backfill-put-back (edits)
  "Put EDITS back into the plan."
  (explog-backfill--rewrite
   edits (lambda (left some)
           (seq-sort-by #'explog-backfill-edit-number #'< (append left some)))))

(defun explog-backfill--rewrite (edits change)
  "Write the sheets of EDITS anew.
CHANGE gets the edits that are left in one, and those of EDITS in it,
and returns the edits that it shall have."
  (pcase-dolist (`(,sheet . ,some) (explog-backfill--by-sheet edits))
    (let ((left (funcall change (explog-backfill-sheet-edits sheet) some)))
      (setf (explog-backfill-sheet-edits sheet) left)
      (if left
          (explog-backfill--renew sheet)
        (explog-backfill--hide sheet))))
  (mapc #'explog-backfill--show-file
        (delete-dups (mapcar (lambda (edit)
                               (explog-backfill-sheet-file (explog-backfill-edit-sheet edit)))
                             edits)))
  (unless (explog-review-item)
    (ignore-errors (explog-review-next))))

(defun explog-backfill--by-sheet (edits)
  "Return an alist of the sheets of EDITS, and those of EDITS in each.
For thousands of them `seq-group-by' would take seconds."
  (let ((table (make-hash-table :test #'eq)) sheets)
    (dolist (edit edits)
      (let ((sheet (explog-backfill-edit-sheet edit)))
        (unless (gethash sheet table)
          (push sheet sheets))
        (push edit (gethash sheet table))))
    (mapcar (lambda (sheet) (cons sheet (nreverse (gethash sheet table))))
            (nreverse sheets))))

(defun explog-backfill-region (sheet)
  "Return (BEG . END) of the diff of SHEET."
  (let ((beg (marker-position (explog-backfill-sheet-marker sheet))))
    (cons beg (or (next-single-property-change beg 'explog-backfill-sheet)
                  (point-max)))))

(defun explog-backfill--renew (sheet)
  "Ask the server for SHEET with the edits that are left, and show that."
  (let ((buffer (current-buffer))
        (edits (explog-backfill-sheet-edits sheet)))
    (explog-bridge-call
     "sheet" (list explog-backfill-plan (mapcar #'explog-backfill-edit-number edits))
     :success (lambda (row)
                (when (buffer-live-p buffer)
                  (with-current-buffer buffer
                    ;; Else another answer is on its way.
                    (when (and (marker-buffer (explog-backfill-sheet-marker sheet))
                               (eq edits (explog-backfill-sheet-edits sheet)))
                      (explog-backfill--replace sheet row)))))
     :error (lambda (problem)
              (when (buffer-live-p buffer)
                (with-current-buffer buffer
                  (explog-backfill-forget)
                  (explog-review-failed problem)))))))

(defun explog-backfill--replace (sheet row)
  "Show SHEET as ROW has it, with point where it was."
  (pcase-let ((`(,beg . ,end) (explog-backfill-region sheet))
              (line (line-number-at-pos))
              (inhibit-read-only t))
    (save-excursion
      ;; Behind the first character, as the marker of the next sheet is at the end.
      (goto-char (1+ beg))
      (explog-backfill--insert-diff sheet row (explog-backfill-sheet-edits sheet))
      (let ((new (point)))
        (delete-region new (+ end (- new (1+ beg))))
        (delete-region beg (1+ beg))))
    (when (and (<= beg (point)) (not (= line (line-number-at-pos))))
      (goto-char (point-min))
      (forward-line (1- line)))
    (explog-backfill-mark-stale
     (seq-filter #'explog-backfill-edit-stale (explog-backfill-sheet-edits sheet)))))

(defun explog-backfill--hide (sheet)
  "Show nothing of SHEET.
Two characters are kept: what is written behind the first comes before
the next sheet."
  (pcase-let ((`(,beg . ,end) (explog-backfill-region sheet))
              (inhibit-read-only t))
    (remove-overlays beg end)
    (delete-region (1+ beg) (1- end))
    (remove-text-properties beg (+ beg 2) '(explog-review-item nil))
    (put-text-property beg (+ beg 2) 'invisible t)))

(defun explog-backfill--show-file (file)
  "Show the name of FILE if there is an edit left in it, else hide it."
  (save-excursion
    (goto-char (point-min))
    (when-let* ((match (text-property-search-forward 'explog-backfill-file file t))
                (inhibit-read-only t))
      (put-text-property (prop-match-beginning match) (prop-match-end match)
                         'invisible
                         (not (seq-some (lambda (sheet)
                                          (and (equal file (explog-backfill-sheet-file sheet))
                                               (explog-backfill-sheet-edits sheet)))
                                        explog-backfill-sheets))))))

(defun explog-backfill-mark-stale (edits)
  "Show at each of EDITS why it was not made."
  (save-excursion
    (dolist (edit edits)
      (goto-char (explog-backfill-sheet-marker (explog-backfill-edit-sheet edit)))
      (when-let ((match (text-property-search-forward 'explog-review-item edit #'eq)))
        (let ((overlay (make-overlay (prop-match-beginning match) (prop-match-end match))))
          (overlay-put overlay 'evaporate t)
          (overlay-put overlay 'face 'shadow)
          (overlay-put overlay 'after-string
                       (propertize (format "! not written: %s\n"
                                           (explog-backfill-edit-stale edit))
                                   'face 'explog-review-problem)))))))

(provide 'explog-backfill-sheet)
;;; explog-backfill-sheet.el ends here
