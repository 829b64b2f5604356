;;; explog-link-export.el --- Export links to experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What a link `exp:201.1' is in an exported document: its description, or
;; "e201.1 ABC in XYZ: Test XYZ without ABC".  A log is no page of the web,
;; so that only HTML has something to link to, and only where the entry
;; of the experiment is in the same document.

;;; Code:

(require 'explog)
(require 'explog-heading)
(require 'explog-link)
(require 'explog-ref)

(declare-function org-element-map "org-element"
                  (data types fun &optional info first-match no-recursion
                        with-affiliated no-undefer))
(declare-function org-element-property "org-element" (property node &rest rest))
(declare-function org-export-data "ox" (data info))
(declare-function org-export-derived-backend-p "ox" (backend &rest backends))
(declare-function org-export-get-reference "ox" (datum info))

(defun explog-link-export (path description _backend info)
  "Return the link with PATH and DESCRIPTION as it is in the exported document.
DESCRIPTION is exported already, or nil.  INFO is what org knows of the
export."
  (let* ((reference (explog-ref-parse path))
         (text (or description
                   (explog-link-export--text
                    (if reference (explog-link-text reference) path)
                    info))))
    (if (explog-link-export--html-p info)
        (explog-link-export--html text (explog-link-export--anchor (car reference) info))
      text)))

(defun explog-link-export--text (text info)
  "Return plain TEXT as the export INFO writes it, with its special signs escaped."
  ;; Org looks for what stands around a quote, and there is nothing around it.
  (org-export-data text (append '(:with-smart-quotes nil) info)))

(defun explog-link-export--html-p (info)
  "Return non-nil if the document of the export INFO is HTML.
Markdown, which org derives from HTML, is not."
  (let ((backend (plist-get info :back-end)))
    (and backend
         (org-export-derived-backend-p backend 'html)
         (not (org-export-derived-backend-p backend 'md)))))

(defun explog-link-export--html (text anchor)
  "Return TEXT as HTML: a link to ANCHOR unless that is nil."
  (if anchor
      (format "<a href=\"#%s\" class=\"explog\">%s</a>"
              (replace-regexp-in-string
               "[&<>\"]" (lambda (sign) (format "&#%d;" (aref sign 0))) anchor t t)
              text)
    (format "<span class=\"explog\">%s</span>" text)))

;;;; Entries in the same document

(defvar explog-link-export--headlines (make-hash-table :test #'eq :weakness 'key)
  "Maps the tree of a document to an alist (ID . HEADLINE) of its experiments.")

(defun explog-link-export--anchor (id info)
  "Return the anchor of experiment ID in the document of INFO, or nil."
  (when-let ((headline (and id (cdr (assoc id (explog-link-export--experiments info))))))
    (or (org-element-property :CUSTOM_ID headline)
        (org-export-get-reference headline info))))

(defun explog-link-export--experiments (info)
  "Return an alist (ID . HEADLINE) of the experiments in the document of INFO."
  (let ((tree (plist-get info :parse-tree)))
    (pcase (gethash tree explog-link-export--headlines 'new)
      ('new (puthash tree (explog-link-export--collect tree)
                     explog-link-export--headlines))
      (known known))))

(defun explog-link-export--collect (tree)
  "Return an alist (ID . HEADLINE) of the experiments in TREE.
Org exports from a copy of the buffer, which is the current one; TREE is
what of it is exported."
  (let ((ids (make-hash-table)))
    (pcase-dolist (`(,id . ,position) (explog-heading-collect))
      (puthash position id ids))
    (org-element-map tree 'headline
      (lambda (headline)
        (when-let ((id (gethash (org-element-property :begin headline) ids)))
          (cons id headline))))))

(provide 'explog-link-export)
;;; explog-link-export.el ends here
